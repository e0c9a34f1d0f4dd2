// SPDX-License-Identifier: MIT
// The outbox: order kept, nothing forgotten, and nothing said twice without being asked.

import { beforeEach, expect, it } from "vitest";
import type { Outgoing } from "../../src/room/client";
import { Outbox } from "../../src/room/outbox";
import { FakeWorld } from "../fakes";

let world: FakeWorld;
let outbox: Outbox;

const standings = (): string[] => outbox.items.map(({ payload, standing }) => `${String(payload)} ${standing}`);

/** What goes out now, by payload and key. */
function flush(): string[] {
  const sent: string[] = [];
  outbox.flush(({ payload, key }) => sent.push(`${String(payload)} ${key}`));
  return sent;
}

beforeEach(() => {
  world = new FakeWorld();
  outbox = new Outbox(world, []);
});

it("sends in order, each under a key of its own, once", () => {
  for (const text of ["a", "b"]) outbox.add(text);
  expect([flush(), flush()]).toEqual([["a key-1", "b key-2"], []]);
  expect(standings()).toEqual(["a sent", "b sent"]);
});

it("sends again under the same key what was on its way when a line died", () => {
  outbox.add("a");
  outbox.add("b");
  flush();
  outbox.discard(2);
  outbox.lost(1, "gone");
  outbox.lost(2, "gone");
  expect([flush(), standings()]).toEqual([["a key-1"], ["a sent"]]);
});

it("leaves to the writer what dies with every line, and then takes it for something new", () => {
  outbox.add("a");
  for (let tries = 0; tries < 4; tries++) {
    flush();
    outbox.lost(1, "gone");
  }
  expect([flush(), standings()]).toEqual([[], ["a unknown"]]);
  outbox.sendAgain(1);
  expect(flush()).toEqual(["a key-2"]);
});

it("leaves to the writer what the room may have forgotten the key of", () => {
  outbox.add("a");
  flush();
  outbox.lost(1, "gone");
  outbox.add("never sent");
  world.passes(300_000);
  expect([flush(), standings()]).toEqual([["never sent key-2"], ["a unknown", "never sent sent"]]);
});

it("shows what was refused until it is sent again or discarded", () => {
  outbox.add("a");
  flush();
  outbox.refused(1, "no");
  expect([flush(), standings(), outbox.items[0]?.why]).toEqual([[], ["a refused"], "no"]);
  outbox.discard(1);
  expect(outbox.items).toEqual([]);
});

it("takes up what another left over, and gives no id twice", () => {
  outbox.add("old");
  const leftOver: readonly Outgoing[] = outbox.items.map((item) => ({ ...item, id: 7 }));
  outbox = new Outbox(world, leftOver);
  outbox.add("new");
  outbox.discard(7);
  expect(outbox.items.map(({ id }) => id)).toEqual([8]);
});
