// SPDX-License-Identifier: MIT
// Runs a snippet of the documentation with what a browser has and Node has not, and with the
// library of this checkout.
//
//   node snippet.mjs FILE

import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import autobahn from "autobahn";
import { EventSource } from "eventsource";

const library = new URL("../../web/dist/wsecho.js", import.meta.url).href;
registerHooks({
  resolve: (name, context, next) => (name === "wsecho" ? { url: library, shortCircuit: true } : next(name, context)),
});
Object.assign(globalThis, { EventSource, autobahn });
await import(pathToFileURL(process.argv[2]).href);
