// SPDX-License-Identifier: MIT
// The WebSocket that a runtime has built in: Node's, Bun's.
const words = [];
const websocket = new WebSocket(process.argv[2]);
websocket.binaryType = 'arraybuffer';
websocket.onmessage = ({ data }) => websocket.send(data);
websocket.onerror = ({ message, error }) => words.push(String(error?.message || message || 'error'));
websocket.onclose = ({ code, reason }) => {
  console.log(words.concat(`closed ${code}: ${reason}`).join('; '));
  process.exit();
};
