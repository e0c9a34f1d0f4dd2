// SPDX-License-Identifier: MIT
// The library against a real server, in Node, Bun or Deno: all that it offers, over each transport.
//
//   node library.mjs LIBRARY URL TRANSPORT
import assert from "node:assert/strict";
import process from "node:process";

const [library, url, transport] = process.argv.slice(2);
const { connect, Result, version, WsechoError } = await import(library);
const options = transport === "all" ? {} : { transports: [transport] };
const name = `library ${transport} ${Math.random()}`;

assert.match(version, /^\d+\.\d+\.\d+/);
assert.throws(() => connect("nowhere at all"), WsechoError);

const [ann, bob] = [connect(url, options), connect(url, options)];
const room = ann.room(name, { history: 10, presence: true });
const heard = [];
room.on("message", (message) => heard.push(message));

// Text, bytes, what JSON cannot carry as it is; in the order of the calls.
const said = ["hello", "\0text", new Uint8Array([0, 255]), new Uint8Array([1, 2]).buffer, new Blob(["blob"]), "", "ü😀"];
const positions = await Promise.all(said.map((data) => room.publish(data)));
const offsets = positions.map(({ position }) => Number(position.split(":")[1]));
assert.deepEqual(offsets, said.map((_, index) => index + 1));
const expected = ["hello", "\0text", [0, 255], [1, 2], [98, 108, 111, 98], "", "ü😀"];
await until(() => heard.length === said.length);
assert.deepEqual(heard.map(({ data }) => (typeof data === "string" ? data : [...data])), expected);
assert(heard.every(({ mine, from, time }) => mine && from.id === ann.member && Math.abs(time - Date.now()) < 60_000));
assert.equal(room.pending, 0);
assert.equal(room.position, positions.at(-1).position);

// Once under a key.
const again = await Promise.all([room.publish("once", { key: "k" }), room.publish("once", { key: "k" })]);
assert.equal(again[0].position, again[1].position);

// A reader who comes later, and one who goes on.
const other = bob.room(name, { history: 3 });
const read = [];
for await (const { data, mine } of other) {
  read.push([data, mine]);
  if (read.length === 3) break;
}
assert.deepEqual(read, [["", false], ["ü😀", false], ["once", false]]);
const { messages, isAll } = await other.earlier({ publication: heard[2].publication });
assert.deepEqual([messages.map(({ data }) => data), isAll], [["hello", "\0text"], true]);
other.leave();
const resumed = bob.room(name, { after: positions[5].position });
assert.deepEqual(await resumed.once("joined").then(({ fetched, recovered }) => [fetched, recovered]), [2, true]);
await until(() => room.members.some(({ id }) => id === bob.member));
assert.equal(await room.mayPublish(), true);

// All else of WAMP.
const events = [];
const off = await bob.subscribe("com.example.topic", (args, kwargs) => events.push([args, kwargs]));
await bob.register("com.example.add", ([one, two], { three = 0 }) => new Result([one + two + three], { by: "bob" }));
assert.deepEqual({ ...(await ann.call("com.example.add", [1, 2], { three: 3 })) }, { args: [6], kwargs: { by: "bob" } });
assert.equal(await ann.call("wsecho.echo", ["plain"]), "plain");
await assert.rejects(ann.call("com.example.none"), { code: "refused", uri: "wamp.error.no_such_procedure" });
off();

// What is too large is told at once, and nothing is sent: the connection stays.
const before = ann.status.transport;
await assert.rejects(room.publish("x".repeat(ann.maxMessageSize)), { code: "too_large" });
await room.publish("still here");
assert.deepEqual([ann.status.state, ann.status.transport], ["open", before]);

const waiting = room.once("message");
ann.close();
bob.close();
await assert.rejects(waiting, { code: "closed" });
assert.deepEqual([ann.status.state, ann.status.code], ["closed", "closed"]);
// The process ends by itself.
console.log("well");

async function until(isSo) {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}
