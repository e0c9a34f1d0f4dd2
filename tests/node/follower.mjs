// SPDX-License-Identifier: MIT
// Follows a room by the library and says numbers in it, telling all that happens as JSON, a line each.
//
//   node follower.mjs LIBRARY URL ROOM [OPTION=JSON ...]
//
// Options are those of `connect`; `tokens` is a list that the token function gives one after the
// other; `numbers` is how many to say, `as` what stands before each, `every` the milliseconds between;
// `large` are sizes of texts to say; `stall` is for how long it does nothing at the first message.
import process from "node:process";

const [library, url, name, ...given] = process.argv.slice(2);
const options = Object.fromEntries(given.map((one) => [one.split("=", 1)[0], JSON.parse(one.slice(one.indexOf("=") + 1))]));
const { numbers = 0, every = 20, as = "", stall = 0, tokens, large, ...rest } = options;
const { connect } = await import(library);
const tell = (type, what) => console.log(JSON.stringify({ type, ...what }));

let asked = 0;
const token = tokens && (() => {
  tell("asked");
  return tokens[Math.min(asked++, tokens.length - 1)];
});
const server = connect(url, token ? { token, ...rest } : rest);
server.on("status", (status) => tell("status", status));
const room = server.room(name, { history: 1_000 });
let isStalled = stall === 0;
room.on("message", ({ data, position, mine }) => {
  tell("message", { data: data.slice(0, 20), position, mine });
  const until = performance.now() + stall;
  while (!isStalled && performance.now() < until);
  isStalled = true;
});
room.on("gap", (gap) => tell("gap", gap));
room.on("joined", (joined) => tell("joined", joined));
room.on("error", ({ code, message }) => tell("error", { code, message }));

const publish = (data, told = data) =>
  room.publish(data).then(
    ({ position }) => tell("said", { data: told, position }),
    ({ code, message }) => tell("failed", { data: told, code, message }),
  );
for (const size of large ?? []) await publish("x".repeat(size), size);
for (let number = 1; number <= numbers; number++) {
  void publish(as + String(number));
  await new Promise((resolve) => setTimeout(resolve, every));
}
