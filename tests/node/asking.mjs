// SPDX-License-Identifier: MIT
// AutobahnJS, where an application is asked: what it refuses, changes and drops.
import assert from "node:assert/strict";
import autobahn from "autobahn";

const [url] = process.argv.slice(2);
const acknowledged = [{}, { acknowledge: true, exclude_me: false }];

const connection = new autobahn.Connection({ url, realm: "realm1", max_retries: 0 });
connection.onopen = async (session) => {
  try {
    const room = "wsecho.room.open-node";
    const heard = [];
    await session.subscribe(room, (args) => heard.push(args[0]));
    for (const [word, uri] of [["no", "wamp.error.not_authorized"], ["full", "wsecho.error.over_limit"]]) {
      await assert.rejects(session.publish(room, [word], ...acknowledged), (error) => error.error === uri);
      await assert.rejects(session.subscribe(`wsecho.room.${word}-node`, () => {}), (error) => error.error === uri);
    }
    await session.publish(room, ["drop"], ...acknowledged);
    await session.publish(room, ["shout hello"], ...acknowledged);
    while (heard.length < 1) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(heard, ["HELLO"]);
    console.log("ok");
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
  connection.close();
};
connection.open();
