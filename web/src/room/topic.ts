// SPDX-License-Identifier: MIT
// A room's WAMP topic: its name percent-encoded, so that dots part it and nothing else can.

const PREFIX = "wsecho.room.";

/** A dot that would leave an empty component (first, last, behind another) is `%2E`. */
export function roomTopic(room: string): string {
  return PREFIX + encodeURIComponent(room).replaceAll(/^\.|(?<=\.)\.|\.$/g, "%2E");
}
