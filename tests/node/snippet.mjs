// SPDX-License-Identifier: MIT
// Runs a snippet of the documentation with what a browser has and Node has not.
//
//   node snippet.mjs FILE

import { pathToFileURL } from "node:url";
import autobahn from "autobahn";
import { EventSource } from "eventsource";

Object.assign(globalThis, { EventSource, autobahn });
await import(pathToFileURL(process.argv[2]).href);
