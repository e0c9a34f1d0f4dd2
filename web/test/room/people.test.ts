// SPDX-License-Identifier: MIT
// How the page calls those who are in the room.

import { expect, it } from "vitest";
import { nameOf, namesOf, ordered, shortNameOf } from "../../src/room/people-words";

const since = new Date(2026, 0, 1);
const member = (id: string, name = "") => ({ id, name, door: "wamp", since });

it("puts one's own first, and the others as they came", () => {
  const [ann, bob, me] = [member("ann"), member("bob"), member("me")];
  expect(ordered([ann, bob, me], "me")).toEqual([me, ann, bob]);
  expect(ordered([ann, bob], "me")).toEqual([ann, bob]);
});

it("calls by name whoever has one", () => {
  expect([nameOf(member("4kq2xyz", "Ann")), nameOf(member("4kq2xyz"))]).toEqual(["Ann", "guest 4kq2x"]);
});

it("names a few, and counts the rest", () => {
  const members = Array.from({ length: 1_010 }, (_, index) => member(`m${index}`, `M${index}`));
  expect(namesOf(members.slice(0, 2), "m0")).toBe("you, M1");
  expect(namesOf(members, "")).toBe("M0, M1, M2, M3, M4, M5, M6, M7 and 1,002 more");
});

it.each([
  ["Ann", "Ann"],
  [null, "guest 4kq2x"],
  ["x".repeat(20), "x".repeat(20)],
  ["x".repeat(21), `${"x".repeat(19)}…`],
  ["😀".repeat(21), `${"😀".repeat(19)}…`],
  ["\u202eevil\n\u2069", "evil"],
])("calls %j %s beside a message", (name, shown) => {
  expect(shortNameOf({ id: "4kq2xyz", name })).toBe(shown);
});
