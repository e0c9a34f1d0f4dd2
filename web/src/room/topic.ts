// SPDX-License-Identifier: MIT
// A room's WAMP topic: its name percent-encoded, so that dots part it and nothing else can.

const PREFIX = "wsecho.room.";

/** A dot that would leave an empty component (the first, the last, one behind another) is `%2E`. */
export function roomTopic(room: string): string {
  const topic = encodeURIComponent(room)
    .split(".")
    .reduce((before, part) => before + (before === "" || before.endsWith(".") ? "%2E" : ".") + part);
  return PREFIX + topic.replace(/\.$/, "%2E");
}
