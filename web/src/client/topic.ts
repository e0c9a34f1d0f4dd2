// SPDX-License-Identifier: MIT
// A room's WAMP topics: its name percent-encoded, so that dots part it and nothing else can.

const ROOM = "wsecho.room.";
const PRESENCE = "wsecho.presence.";

export function roomTopic(room: string): string {
  return ROOM + components(room);
}

/** Where it is told who comes and goes. */
export function presenceTopic(room: string): string {
  return PRESENCE + components(room);
}

/** A dot that would leave an empty component (the first, the last, one behind another) is `%2E`. */
function components(room: string): string {
  const topic = encodeURIComponent(room)
    .split(".")
    .reduce((before, part) => before + (before === "" || before.endsWith(".") ? "%2E" : ".") + part);
  return topic.replace(/\.$/, "%2E");
}
