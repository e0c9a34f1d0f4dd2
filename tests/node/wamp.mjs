// SPDX-License-Identifier: MIT
// AutobahnJS's own Connection over WebSocket, with the serializer that is named:
// subscribe, publish, register, call, progressive call, cancel, errors, a room.
import assert from "node:assert/strict";
import autobahn from "autobahn";

const [url, name] = process.argv.slice(2);
const serializers = {
  json: () => new autobahn.serializer.JSONSerializer(),
  msgpack: () => new autobahn.serializer.MsgpackSerializer(),
  cbor: () => new autobahn.serializer.CBORSerializer(),
};

function open() {
  return new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({
      transports: [{ type: "websocket", url, serializers: [serializers[name]()] }],
      realm: "realm1",
      max_retries: 0,
    });
    connection.onopen = (session) => resolve({ connection, session });
    connection.onclose = (reason, details) => reject(new Error(`${reason} ${details.reason}`));
    connection.open();
  });
}

const one = await open();
const two = await open();
const closed = new Promise((resolve) => {
  one.connection.onclose = resolve;
});
two.connection.onclose = () => true;

// Publish and subscribe, a pattern too.
const got = [];
await one.session.subscribe("com.example.topic", (args) => got.push(["exact", ...args]));
await one.session.subscribe("com.example", (args, kwargs, details) => got.push([details.topic, ...args]), {
  match: "prefix",
});
const publication = await two.session.publish("com.example.topic", [1, "two"], {}, { acknowledge: true });
assert.ok(publication.id > 0);

// Register and call, with progress, an error, an unknown procedure.
await one.session.register("com.example.add", ([a, b]) => a + b);
await one.session.register("com.example.count", async ([n], kwargs, details) => {
  for (let i = 0; i < n; i++) details.progress([i]);
  return "done";
});
await one.session.register("com.example.fail", () => {
  throw new autobahn.Error("com.example.error", ["no"], { why: 1 });
});
assert.equal(await two.session.call("com.example.add", [2, 3]), 5);
const progress = [];
const counted = await two.session.call("com.example.count", [3], {}, { receive_progress: true }).then(
  (result) => result,
  (error) => assert.fail(error),
  (part) => progress.push(part),
);
assert.equal(counted, "done");
await assert.rejects(two.session.call("com.example.fail"), (error) => {
  assert.equal(error.error, "com.example.error");
  assert.deepEqual([...error.args], ["no"]);
  return true;
});
await assert.rejects(two.session.call("com.example.nothing"), (error) => {
  assert.equal(error.error, "wamp.error.no_such_procedure");
  return true;
});

// Cancel.
await one.session.register("com.example.never", () => new Promise(() => {}));
const never = two.session.call("com.example.never");
// In any other mode AutobahnJS does not wait for the router's answer.
never.cancel({ mode: "kill" });
await assert.rejects(never, (error) => {
  assert.equal(error.error, "wamp.error.canceled");
  return true;
});

// A room, its history, echo.
const heard = [];
const subscription = await one.session.subscribe("wsecho.room.node", (args, kwargs) =>
  heard.push([args[0], kwargs.position]),
);
for (const text of ["a", "b", "c"]) {
  await two.session.publish("wsecho.room.node", [text], {}, { acknowledge: true });
}
const events = await two.session.call("wamp.subscription.get_events", [subscription.id], {
  after_position: heard[0][1],
});
assert.deepEqual(
  events.args.map((event) => event.args[0]),
  ["b", "c"],
);
assert.equal(events.kwargs.recovered, true);
assert.equal(await two.session.call("wsecho.echo", ["hello"]), "hello");
await assert.rejects(two.session.publish("wsecho.room.node", [1], {}, { acknowledge: true }));

assert.deepEqual(got.map((event) => event[0]).sort(), ["com.example.topic", "exact"]);
assert.deepEqual(heard.map(([text]) => text), ["a", "b", "c"]);
one.connection.close();
await closed;
two.connection.close();
console.log("ok", progress.length);
