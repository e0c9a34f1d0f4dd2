// SPDX-License-Identifier: MIT
// wampy over WebSocket, with the serializer that is named: subscribe, publish, register, call,
// progressive call, cancel, errors, a room and its Event History.
import assert from "node:assert/strict";
import { Wampy } from "wampy";
import { CborSerializer } from "wampy/CborSerializer.js";
import { JsonSerializer } from "wampy/JsonSerializer.js";
import { MsgpackSerializer } from "wampy/MsgpackSerializer.js";
import { WebSocket } from "ws";

const [url, name] = process.argv.slice(2);
const serializers = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };

async function open() {
  const wampy = new Wampy(url, { realm: "realm1", ws: WebSocket, serializer: new serializers[name](), autoReconnect: false });
  await wampy.connect();
  return wampy;
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const fails = (promise, uri) => assert.rejects(promise, (error) => (error.errorUri ?? error.error) === uri);

const one = await open();
const two = await open();
const base = `com.example.wampy.${name}`;

// Publish and subscribe, a pattern too.
const got = [];
await one.subscribe(`${base}.topic`, ({ argsList, argsDict }) => got.push(["exact", argsList, argsDict]));
await one.subscribe(base, ({ argsList, details }) => got.push([details.topic, argsList]), { match: "prefix" });
await two.publish(`${base}.topic`, { argsList: [1, "two"], argsDict: { three: 3 } });
await until(() => got.length === 2);
assert.deepEqual(got.sort(), [[`${base}.topic`, [1, "two"]], ["exact", [1, "two"], { three: 3 }]].sort());
await one.unsubscribe(`${base}.topic`);

// Register and call, with an error and an unknown procedure.
await one.register(`${base}.add`, ({ argsList: [a, b] }) => ({ argsList: [a + b] }));
assert.deepEqual((await two.call(`${base}.add`, [2, 3])).argsList, [5]);
await fails(two.register(`${base}.add`, () => null), "wamp.error.procedure_already_exists");
await one.register(`${base}.fail`, ({ error_handler }) => {
  error_handler({ error: "com.example.error", argsList: ["no"] });
});
await fails(two.call(`${base}.fail`), "com.example.error");
await one.unregister(`${base}.add`);
await fails(two.call(`${base}.add`, [2, 3]), "wamp.error.no_such_procedure");

// A call with progress.
await one.register(`${base}.count`, ({ argsList: [n], result_handler }) => {
  for (let i = 0; i < n; i++) result_handler({ argsList: [i], options: { progress: true } });
  return { argsList: ["done"] };
});
const progress = [];
const counted = await two.call(`${base}.count`, [3], { progress_callback: ({ argsList }) => progress.push(argsList[0]) });
assert.deepEqual(counted.argsList, ["done"]);
assert.deepEqual(progress, [0, 1, 2]);

// Cancel.
await one.register(`${base}.never`, () => new Promise(() => {}));
const never = two.call(`${base}.never`);
two.cancel(two.getOpStatus().reqId, { mode: "killnowait" });
await fails(never, "wamp.error.canceled");

// A room, its history, what it does not take; echo.
const room = `wsecho.room.wampy_${name}`;
const heard = [];
const subscription = await one.subscribe(room, ({ argsList, argsDict }) => heard.push([argsList[0], argsDict.position]));
for (const text of ["a", "b", "c"]) {
  await two.publish(room, { argsList: [text], argsDict: { key: `key-${text}` } });
  await two.publish(room, { argsList: [text], argsDict: { key: `key-${text}` } });
}
await until(() => heard.length === 3);
assert.deepEqual(heard.map(([text]) => text), ["a", "b", "c"]);
const events = await two.call("wamp.subscription.get_events", {
  argsList: [subscription.subscriptionId],
  argsDict: { after_position: heard[0][1] },
});
assert.deepEqual(events.argsList.map((event) => event.args[0]), ["b", "c"]);
assert.equal(events.argsDict.recovered, true);
await fails(two.publish(room, [1]), "wamp.error.invalid_argument");
assert.deepEqual((await two.call("wsecho.echo", ["héllo"])).argsList, ["héllo"]);

await one.disconnect();
await two.disconnect();
console.log("ok");
process.exit(0);
