// SPDX-License-Identifier: MIT
// AutobahnJS over long-poll against a server of several processes, no sticky sessions: all that
// `exercise` does between two processes, then one session of each speaks to all.
import assert from "node:assert/strict";
import http from "node:http";
import "./xhr.mjs";
import autobahn from "autobahn";
import { converse, open, until } from "./exercise.mjs";

const [url, count] = process.argv.slice(2);

// A transport's id names the process that it lives in (`NODE.SECRET`), and is all that tells.
const fetchAsIs = globalThis.fetch;
let latest;
globalThis.fetch = async (address, options) => {
  if (!address.endsWith("/open")) return fetchAsIs(address, options);
  const answer = await openAfresh(address, options);
  const { transport } = await answer.clone().json();
  latest = transport.slice(0, transport.lastIndexOf("."));
  return answer;
};

// On a connection of its own: those that `fetch` keeps may all be at the same few processes.
function openAfresh(address, { method, headers, body }) {
  return new Promise((resolve, reject) => {
    const asked = http.request(address, { method, headers, agent: false }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => resolve(new Response(Buffer.concat(pieces), { status: answer.statusCode })));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

async function join() {
  const { connection, session } = await open(() => new autobahn.Connection({
    transports: [{ type: "longpoll", url }],
    realm: "realm1",
    max_retries: 0,
  }));
  connection.onclose = () => true;
  return { connection, session, node: latest };
}

/** Opens sessions until each process has one that is not used yet. */
async function oneOfEach() {
  const found = new Map();
  for (let tries = 0; found.size < Number(count); tries += 1) {
    assert.ok(tries < 400, `sessions at ${found.size} of ${count} processes only`);
    const made = await join();
    if (found.has(made.node)) made.connection.close();
    else found.set(made.node, made);
  }
  return [...found.values()];
}

const pairs = await oneOfEach();
assert.equal(new Set(pairs.map(({ node }) => node)).size, Number(count));
await converse(pairs[0], pairs[1]);

const sessions = (await oneOfEach()).map(({ session }) => session);
const topic = `com.example.across.${Math.random().toString(36).slice(2)}`;
const got = sessions.map(() => []);
for (const [place, session] of sessions.entries()) {
  await session.subscribe(topic, ([from, value]) => got[place].push([from, value]));
  await session.register(`${topic}.${place}`, ([value]) => [place, value]);
}
for (let value = 0; value < 5; value += 1) {
  await Promise.all(sessions.map((session, place) =>
    session.publish(topic, [place, value], {}, { exclude_me: false, acknowledge: true })));
}
await until(() => got.every((events) => events.length === 5 * sessions.length));
for (const events of got) assert.deepEqual(events, got[0]);
for (const [from, session] of sessions.entries()) {
  for (const to of sessions.keys()) {
    assert.deepEqual([...await session.call(`${topic}.${to}`, [from])], [to, from]);
  }
}
console.log("ok");
process.exit();
