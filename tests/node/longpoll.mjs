// SPDX-License-Identifier: MIT
// AutobahnJS's own Connection over its own long-poll transport.
import "./xhr.mjs";
import autobahn from "autobahn";
import { exercise } from "./exercise.mjs";

const [url] = process.argv.slice(2);
await exercise(() => new autobahn.Connection({
  transports: [{ type: "longpoll", url }],
  realm: "realm1",
  max_retries: 0,
}));
