// SPDX-License-Identifier: MIT
// What every test of AutobahnJS's Connection does, whatever its transport: subscribe, publish,
// register, call, progressive call, cancel, errors, a room and its Event History.
import assert from "node:assert/strict";
import autobahn from "autobahn";

/** Opens two connections and lets them talk; `make` makes each, given its number. */
export async function exercise(make) {
  await converse(await open(() => make(0)), await open(() => make(1)));
  console.log("ok");
  process.exit(0);
}

/** Lets two that are open talk, and closes them. */
export async function converse(one, two) {
  const topic = unique("com.example.topic");
  const procedure = (name) => `${topic}.${name}`;

  // Publish and subscribe, a pattern too.
  const got = [];
  const subscribed = await one.session.subscribe(topic, (args) => got.push(["exact", ...args]));
  await one.session.subscribe(topic.slice(0, -1), (args, kwargs, details) => got.push([details.topic, ...args]), {
    match: "prefix",
  });
  const publication = await two.session.publish(topic, [1, "two"], { three: 3 }, { acknowledge: true });
  assert.ok(publication.id > 0);
  await until(() => got.length === 2);
  assert.deepEqual(got.sort(), [[topic, 1, "two"], ["exact", 1, "two"]].sort());
  await subscribed.unsubscribe();

  // Register and call, with an error, an unknown procedure, one that is taken.
  const add = await one.session.register(procedure("add"), ([a, b]) => a + b);
  assert.equal(await two.session.call(procedure("add"), [2, 3]), 5);
  await assert.rejects(two.session.register(procedure("add"), () => 0), {
    error: "wamp.error.procedure_already_exists",
  });
  await one.session.register(procedure("fail"), () => {
    throw new autobahn.Error("com.example.error", ["no"], { why: 1 });
  });
  await assert.rejects(two.session.call(procedure("fail")), (error) => {
    assert.equal(error.error, "com.example.error");
    assert.deepEqual([...error.args], ["no"]);
    assert.deepEqual({ ...error.kwargs }, { why: 1 });
    return true;
  });
  await one.session.unregister(add);
  await assert.rejects(two.session.call(procedure("add")), { error: "wamp.error.no_such_procedure" });

  // A call with progress.
  await one.session.register(procedure("count"), async ([n], kwargs, details) => {
    for (let i = 0; i < n; i++) details.progress([i]);
    return "done";
  });
  const progress = [];
  const counted = await two.session.call(procedure("count"), [3], {}, { receive_progress: true }).then(
    (result) => result,
    (error) => assert.fail(error),
    (part) => progress.push(part),
  );
  assert.equal(counted, "done");
  // Over long-poll each YIELD has a POST of its own, and they may overtake one another.
  assert.ok(progress.length <= 3 && (one.session._socket.info.type === "longpoll" || progress.length === 3));

  // Cancel; in any other mode AutobahnJS does not wait for the router's answer.
  let isCalled = false;
  await one.session.register(procedure("never"), () => {
    isCalled = true;
    return new Promise(() => {});
  });
  const never = two.session.call(procedure("never"));
  // Over long-poll the CANCEL might overtake its CALL.
  await until(() => isCalled);
  never.cancel({ mode: "kill" });
  await assert.rejects(never, { error: "wamp.error.canceled" });

  // A room, its history, what it does not take; echo.
  const room = unique("wsecho.room.node");
  const heard = [];
  const subscription = await one.session.subscribe(room, (args, kwargs) => heard.push([args[0], kwargs.position]));
  for (const text of ["a", "b", "c"]) {
    await two.session.publish(room, [text], { key: `key-${text}` }, { acknowledge: true });
    await two.session.publish(room, [text], { key: `key-${text}` }, { acknowledge: true });
  }
  await until(() => heard.length === 3);
  assert.deepEqual(heard.map(([text]) => text), ["a", "b", "c"]);
  const events = await two.session.call("wamp.subscription.get_events", [subscription.id], {
    after_position: heard[0][1],
  });
  assert.deepEqual(events.args.map((event) => event.args[0]), ["b", "c"]);
  assert.equal(events.kwargs.recovered, true);
  assert.equal(events.kwargs.position, heard[2][1]);
  await assert.rejects(two.session.publish(room, [1], {}, { acknowledge: true }), {
    error: "wamp.error.invalid_argument",
  });
  await assert.rejects(two.session.subscribe("a b", () => {}), { error: "wamp.error.invalid_uri" });
  assert.equal(await two.session.call("wsecho.echo", ["héllo"]), "héllo");

  // Two sessions, then none.
  assert.ok((await one.session.call("wamp.session.list")).includes(two.session.id));
  const closed = [one, two].map(({ connection, session }) => close(connection, session));
  assert.deepEqual(await Promise.all(closed), ["closed", "closed"]);
}

/** Opens a connection. */
export function open(make) {
  return new Promise((resolve, reject) => {
    const connection = make();
    connection.onopen = (session) => resolve({ connection, session });
    connection.onclose = (reason, details) => reject(new Error(`${reason} ${details.reason}`));
    connection.open();
  });
}

function close(connection) {
  return new Promise((resolve) => {
    connection.onclose = (reason) => resolve(reason);
    connection.close();
  });
}

// The tests share one server.
function unique(name) {
  return `${name}.${Math.random().toString(36).slice(2)}`;
}

/** Waits until something holds. */
export async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
