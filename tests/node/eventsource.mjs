// SPDX-License-Identifier: MIT
// npm's `eventsource` on a room: prints what each event is and says, until a message says "end".
import { EventSource } from "eventsource";

const source = new EventSource(process.argv[2]);
const show = (event) => console.log(JSON.stringify([event.type, JSON.parse(event.data)]));

for (const type of ["joined", "refused", "closing"]) source.addEventListener(type, show);
source.addEventListener("message", (event) => {
  show(event);
  if (JSON.parse(event.data).data === "end") process.exit(0);
});
source.addEventListener("error", () => {
  console.log(JSON.stringify(["lost", source.readyState]));
  if (source.readyState === EventSource.CLOSED) process.exit(1);
});

// While it waits to come back nothing of its own keeps Node alive.
setInterval(() => {}, 60_000);
