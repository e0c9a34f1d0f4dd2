// SPDX-License-Identifier: MIT
// The echo's client: answers matched in order, compared and timed; nothing asked is forgotten.

import { beforeEach, expect, it } from "vitest";
import { EchoClient, type Exchange } from "../../src/echo/client";
import { FakeWorld } from "../fakes";

let world: FakeWorld;
let client: EchoClient;
let exchanges: Map<number, Exchange>;

const outcomes = (): string[] => [...exchanges.values()].map(({ outcome }) => outcome);

beforeEach(() => {
  world = new FakeWorld();
  exchanges = new Map();
  client = new EchoClient(world, "ws://here/echo", {
    onStatus: () => undefined,
    onExchange: (exchange) => exchanges.set(exchange.id, exchange),
  });
  client.start();
});

it("times an answer and finds it equal", () => {
  world.socket.opens();
  client.send("hello");
  world.passes(12);
  world.socket.receives("hello");
  expect(exchanges.get(1)).toMatchObject({ outcome: "equal", roundTrip: 12, answer: "hello" });
  expect(world.timers).toBe(0);
});

it("finds an answer different where a byte or the kind is", () => {
  world.socket.opens();
  client.send(Uint8Array.of(1, 2));
  client.send("a");
  world.socket.receives(Uint8Array.of(1, 3), Uint8Array.of(97));
  expect(outcomes()).toEqual(["different", "different"]);
});

it("takes each answer for the oldest question", () => {
  world.socket.opens();
  client.send("one");
  client.send("two");
  world.socket.receives("one");
  expect(outcomes()).toEqual(["equal", "asked"]);
});

it("lets pass an answer that nobody asked for", () => {
  world.socket.opens();
  world.socket.receives("unasked");
  expect(outcomes()).toEqual([]);
});

it("keeps what is asked before there is a connection", () => {
  client.send("early");
  expect(outcomes()).toEqual(["waiting"]);
  world.passes(100);
  world.socket.opens();
  expect(exchanges.get(1)).toMatchObject({ outcome: "asked", askedAt: 100 });
});

it("asks again, one by one, what was on its way when the connection died", () => {
  world.socket.opens();
  client.send("one");
  client.send("two");
  world.socket.dies();
  expect(outcomes()).toEqual(["waiting", "waiting"]);
  world.passes(250);
  world.socket.opens();
  expect(world.socket.sent).toEqual(["one"]);
  world.socket.receives("one");
  expect(world.socket.sent).toEqual(["one", "two"]);
});

it("gives up what kills every connection, and asks what stood behind it", () => {
  world.socket.opens();
  client.send("poison");
  client.send("harmless");
  for (let time = 0; time < 3; time++) {
    world.socket.dies(1009);
    world.passes(1_000);
    world.socket.opens();
  }
  expect(exchanges.get(1)).toMatchObject({ outcome: "unanswered", why: "a message was larger than the server takes" });
  world.socket.receives("harmless");
  expect(outcomes()).toEqual(["unanswered", "equal"]);
});

it("takes a connection that is silent after a question for dead", () => {
  world.socket.opens();
  client.send("anybody?");
  world.passes(10_001);
  expect([world.sockets[0]?.closed, outcomes()]).toEqual([true, ["waiting"]]);
});

it("beats only while open, one at a time, and does not ask a lost beat again", () => {
  client.beat();
  world.socket.opens();
  client.beat();
  client.beat();
  expect(world.socket.sent).toHaveLength(1);
  world.socket.dies();
  expect(outcomes()).toEqual(["unanswered"]);
});
