// SPDX-License-Identifier: MIT
// The outbox: order kept, nothing forgotten, and nothing said twice without being asked.

import { expect, it } from "vitest";
import { Outbox } from "../../src/room/outbox";

const standings = (outbox: Outbox): string[] =>
  outbox.items.map(({ payload, standing }) => `${String(payload)} ${standing}`);

it("sends in order until no more is taken", () => {
  const outbox = new Outbox([]);
  for (const text of ["a", "b", "c"]) outbox.add(text);
  let room = 2;
  outbox.flush(() => room-- > 0);
  expect(standings(outbox)).toEqual(["a sent", "b sent", "c waiting"]);
});

it("knows its own in the room by content, the oldest first", () => {
  const outbox = new Outbox([]);
  outbox.add("a");
  outbox.add("b");
  outbox.flush(() => true);
  expect(["b", "a", "a", "b"].map((text) => outbox.seen(text))).toEqual([false, true, false, true]);
  expect(outbox.items).toEqual([]);
});

it("leaves what was on its way when the connection died to the writer", () => {
  const outbox = new Outbox([]);
  outbox.add("a");
  outbox.flush(() => true);
  outbox.lost("gone");
  outbox.flush(() => true);
  expect(standings(outbox)).toEqual(["a unknown"]);
  outbox.sendAgain(1);
  outbox.flush(() => true);
  expect(standings(outbox)).toEqual(["a sent"]);
});

it("takes up what another left over, and gives no id twice", () => {
  const outbox = new Outbox([{ id: 7, payload: "old", standing: "waiting", why: "" }]);
  outbox.add("new");
  outbox.discard(7);
  expect(outbox.items.map(({ id }) => id)).toEqual([8]);
});
