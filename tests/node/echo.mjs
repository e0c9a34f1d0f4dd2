// SPDX-License-Identifier: MIT
// Node's `ws` against the echo: text and binary come back as they went.
import assert from "node:assert/strict";
import WebSocket from "ws";

const samples = ["", "héllo", Buffer.from([0, 255]), "x".repeat(70_000), Buffer.alloc(1_000_000, 7)];
const socket = new WebSocket(process.argv[2], { perMessageDeflate: true });
let next = 0;

socket.on("open", () => {
  assert.equal(socket.extensions, "permessage-deflate");
  for (const sample of samples) socket.send(sample);
});
socket.on("message", (data, isBinary) => {
  const sample = samples[next++];
  assert.equal(isBinary, typeof sample !== "string");
  assert.ok(data.equals(Buffer.from(sample)));
  if (next === samples.length) socket.close(1000);
});
socket.on("close", (code) => {
  assert.equal(code, 1000);
  console.log("ok");
});
