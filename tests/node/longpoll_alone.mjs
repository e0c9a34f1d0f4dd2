// SPDX-License-Identifier: MIT
// AutobahnJS over long-poll, several sessions that each talk to themselves: for servers of several
// processes, whose requests go wherever they go.
import assert from "node:assert/strict";
import "./xhr.mjs";
import autobahn from "autobahn";

const [url, count] = process.argv.slice(2);

async function talk(number) {
  const connection = new autobahn.Connection({
    transports: [{ type: "longpoll", url }],
    realm: "realm1",
    max_retries: 0,
  });
  const opened = new Promise((resolve, reject) => {
    connection.onopen = resolve;
    connection.onclose = (reason, details) => reject(new Error(`${reason} ${JSON.stringify(details)}`));
  });
  connection.open();
  const session = await opened;
  connection.onclose = () => true;
  const topic = `com.example.topic.${number}`;
  const got = [];
  await session.subscribe(topic, ([value]) => got.push(value));
  await session.register(`${topic}.add`, ([a, b]) => a + b);
  for (let value = 0; value < 5; value += 1) {
    await session.publish(topic, [value], {}, { exclude_me: false, acknowledge: true });
    assert.equal(await session.call(`${topic}.add`, [value, 1]), value + 1);
  }
  while (got.length < 5) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(got, [0, 1, 2, 3, 4]);
  connection.close();
}

await Promise.all(Array.from({ length: Number(count) }, (_, number) => talk(number)));
console.log("ok");
process.exit();
