// SPDX-License-Identifier: MIT
// `ws`, on Node.
import WebSocket from 'ws';

const words = [];
const websocket = new WebSocket(process.argv[2]);
websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary }));
websocket.on('error', (error) => words.push(`${error.name}: ${error.message}`));
websocket.on('close', (code, reason) => {
  console.log(words.concat(`closed ${code}: ${reason}`).join('; '));
});
