// SPDX-License-Identifier: MIT
// `for await`: each message once, bounded, and a gap that is told.

import { beforeEach, expect, it } from "vitest";
import { type Gap, type Message, WsechoError } from "../../src/api";
import { Reader } from "../../src/client/reader";

let reader: Reader;
let told: string[];
let ended: number;

function message(offset: number, data = "x"): Message {
  return { data, position: `e:${offset}`, time: 0, from: null, mine: false, publication: offset };
}

beforeEach(() => {
  [told, ended] = [[], 0];
  const onGap = ({ from, to, reason }: Gap): void => void told.push(`${from} ${to} ${reason}`);
  reader = new Reader("e:0", onGap, () => void (ended += 1));
});

async function next(): Promise<string> {
  const { done, value } = await reader.next();
  return done ? "done" : value.position;
}

it("hands on what waits, and waits for what comes", async () => {
  reader.add(message(1));
  expect(await next()).toBe("e:1");
  const [second, third] = [next(), next()];
  reader.add(message(2));
  reader.add(message(3));
  expect(await Promise.all([second, third])).toEqual(["e:2", "e:3"]);
});

it("drops the oldest for a slow reader, and tells once, before the first behind", async () => {
  for (let offset = 1; offset <= 1_200; offset++) reader.add(message(offset));
  expect(told).toEqual([]);
  expect([await next(), await next(), told]).toEqual(["e:201", "e:202", ["e:0 e:200 slow_reader"]]);
});

it("keeps no more than 16 MiB, and one message of any size", async () => {
  reader.add(message(1, "x".repeat(9 << 20)));
  reader.add(message(2, "x".repeat(9 << 20)));
  reader.add(message(3, "x".repeat(20 << 20)));
  expect([await next(), told]).toEqual(["e:3", ["e:0 e:2 slow_reader"]]);
});

it("ends when the room does, behind what was told", async () => {
  reader.add(message(1));
  reader.end(null);
  reader.add(message(2));
  expect([await next(), await next(), await next(), ended]).toEqual(["e:1", "done", "done", 1]);
});

it("throws once where the room is closed to it", async () => {
  reader.add(message(1));
  reader.end(new WsechoError("forbidden", "no"));
  expect(await next()).toBe("e:1");
  await expect(next()).rejects.toMatchObject({ code: "forbidden" });
  expect(await next()).toBe("done");
});

it("throws to whoever waits already, and is done for the others", async () => {
  const waiting = [next(), next()];
  reader.end(new WsechoError("forbidden", "no"));
  expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});

it("is left by `break`", async () => {
  reader.add(message(1));
  reader.add(message(2));
  for await (const { position } of reader) {
    expect(position).toBe("e:1");
    break;
  }
  expect([await next(), ended]).toEqual(["done", 1]);
});
