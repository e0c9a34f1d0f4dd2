// SPDX-License-Identifier: MIT
// Many rooms on one connection, and what happens beyond the server's bound.
//
//   node rooms.mjs LIBRARY URL COUNT
import assert from "node:assert/strict";
import process from "node:process";

const [library, url, count] = process.argv.slice(2);
const { connect } = await import(library);
const server = connect(url);
const rooms = Array.from({ length: Number(count) }, (_, index) => server.room(`room ${index}`, { history: 1 }));
const heard = rooms.map((room) => room.once("message"));
await Promise.all(rooms.map((room) => room.once("joined")));
await Promise.all(rooms.map((room) => room.publish(`hello ${room.name}`)));
assert.deepEqual((await Promise.all(heard)).map(({ data }) => data), rooms.map(({ name }) => `hello ${name}`));

// One more is joined as soon as there is place for it.
const more = server.room("one more");
const joined = more.once("joined");
await new Promise((resolve) => setTimeout(resolve, 500));
assert.equal(more.joined, null);
assert.equal(server.status.state, "open");
rooms[0].leave();
assert.equal((await joined).recovered, null);
server.close();
console.log("well");
