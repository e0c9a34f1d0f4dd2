// SPDX-License-Identifier: MIT
// The room over its raw door, as the panel sees it.

import { beforeEach, expect, it } from "vitest";
import type { Outgoing, RoomMessage } from "../../src/room/client";
import { RawRoom } from "../../src/room/raw";
import { FakeWorld } from "../fakes";

let world: FakeWorld;
let room: RawRoom;
let messages: RoomMessage[];
let outgoing: readonly Outgoing[];
let gaps: string[];

function join(leftOver: readonly Outgoing[] = []): void {
  messages = [];
  gaps = [];
  room = new RawRoom(
    world,
    "ws://here/broadcast/main",
    {
      onStatus: () => undefined,
      onMessage: (message) => messages.push(message),
      onOutgoing: (items) => (outgoing = items),
      onGap: (why) => gaps.push(why),
    },
    leftOver,
  );
  room.start();
}

const said = (): string[] => messages.map(({ position, payload, own }) => `${position} ${String(payload)}${own ? " own" : ""}`);

beforeEach(() => {
  world = new FakeWorld();
  join();
});

it("numbers what comes, and knows its own when it comes back", () => {
  world.socket.opens();
  room.send("mine");
  world.socket.receives("theirs", "mine", Uint8Array.of(1));
  expect(said()).toEqual(["1 theirs", "2 mine own", "3 1"]);
  expect(outgoing).toEqual([]);
});

it("keeps what is said before there is a connection, in order", () => {
  room.send("one");
  room.send("two");
  expect(outgoing.map(({ standing }) => standing)).toEqual(["waiting", "waiting"]);
  world.socket.opens();
  expect(world.socket.sent).toEqual(["one", "two"]);
});

it("keeps what is said offline until the network is back", () => {
  world.socket.opens();
  world.goesOffline();
  room.send("patience");
  expect(world.socket.sent).toEqual([]);
  world.comesOnline();
  world.passes(1_000);
  world.socket.opens();
  world.socket.receives("patience");
  expect([said(), outgoing]).toEqual([["1 patience own"], []]);
});

it("says where messages may be missing, and counts on", () => {
  world.socket.opens();
  world.socket.receives("before");
  world.socket.dies(1001);
  world.passes(250);
  world.socket.opens();
  world.socket.receives("after");
  expect([said(), gaps]).toEqual([["1 before", "2 after"], ["the server is stopping"]]);
});

it("does not say twice by itself what may have arrived", () => {
  world.socket.opens();
  room.send("perhaps");
  world.socket.dies();
  world.passes(250);
  world.socket.opens();
  expect([world.socket.sent, outgoing]).toMatchObject([[], [{ standing: "unknown" }]]);
  room.sendAgain(1);
  expect(world.socket.sent).toEqual(["perhaps"]);
});

it("takes a room that swallows what is said for dead", () => {
  world.socket.opens();
  room.send("anybody?");
  world.passes(10_001);
  expect([world.sockets[0]?.closed, outgoing]).toMatchObject([true, [{ standing: "unknown" }]]);
});

it("hands over on leaving what a later visit then sends", () => {
  room.send("later");
  const leftOver = room.leave();
  expect([world.socket.closed, world.timers]).toEqual([true, 0]);
  join(leftOver);
  world.socket.opens();
  expect(world.socket.sent).toEqual(["later"]);
});
