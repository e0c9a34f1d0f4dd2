// SPDX-License-Identifier: MIT
// Bun's own server, which is uWebSockets in C++; rooms by its publish and subscribe.
//   bun bun_.mjs PORT [--deflate] [--server-bits N --client-bits N] [--certificate FILE --key FILE]
const [port, ...flags] = process.argv.slice(2);
const LARGEST = 32 * 1024 * 1024;
const ROOM = "room";

const told = (name) => (flags.includes(name) ? flags[flags.indexOf(name) + 1] : undefined);
const deflate = flags.includes("--deflate");
const certificate = told("--certificate");

// It is told how much memory a side takes, not which window that is: a sliding window by its size,
// a compressor by window and state together, each of which doubles with a bit.
const sizes = (least) => (bits) => `${2 ** Math.max(bits - least, 2)}KB`;
const compressor = sizes(7), decompressor = sizes(10);

function compression() {
    if (!deflate || !told("--server-bits")) return deflate;
    return {
        compress: compressor(Number(told("--server-bits"))),
        decompress: decompressor(Number(told("--client-bits"))),
    };
}

const server = Bun.serve({
    hostname: "127.0.0.1",
    port: Number(port),
    tls: certificate && { cert: Bun.file(certificate), key: Bun.file(told("--key")) },
    fetch(request, server) {
        const inRoom = new URL(request.url).pathname.startsWith("/broadcast");
        if (server.upgrade(request, { data: { inRoom } })) return undefined;
        return new Response("a WebSocket is needed", { status: 426 });
    },
    websocket: {
        maxPayloadLength: LARGEST,
        backpressureLimit: 0,
        idleTimeout: 0,
        sendPings: false,
        perMessageDeflate: compression(),
        open(socket) {
            if (socket.data.inRoom) socket.subscribe(ROOM);
        },
        message(socket, message) {
            if (socket.data.inRoom) server.publish(ROOM, message, deflate);
            else socket.send(message, deflate);
        },
    },
});
