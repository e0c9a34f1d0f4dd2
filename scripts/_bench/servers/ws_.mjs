// SPDX-License-Identifier: MIT
// Node's `ws`, with bufferutil, which its documentation advises for speed.
//   node ws_.mjs NODE_MODULES PORT [--deflate] [other flags, which are not for it]
import { createRequire } from "node:module";

const [modules, port, ...flags] = process.argv.slice(2);
const { WebSocketServer } = createRequire(modules + "/")("ws");

const server = new WebSocketServer({
    host: "127.0.0.1",
    port: Number(port),
    backlog: 4096,
    maxPayload: 32 * 1024 * 1024,
    perMessageDeflate: flags.includes("--deflate"),
});
const members = new Set();

server.on("connection", (socket, request) => {
    socket.on("error", () => socket.terminate());
    if (!request.url.startsWith("/broadcast")) {
        socket.on("message", (data, binary) => socket.send(data, { binary }));
        return;
    }
    members.add(socket);
    socket.on("close", () => members.delete(socket));
    socket.on("message", (data, binary) => {
        for (const member of members) member.send(data, { binary });
    });
});
