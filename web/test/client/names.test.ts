// SPDX-License-Identifier: MIT
// Room names: which may be.

import { expect, it } from "vitest";
import { checkName } from "../../src/client/names";

it.each(["main", "a/b", "..a", " ", "ü😀", "😀".repeat(200), "%2F"])("takes %j", (name) => {
  expect(() => checkName(name)).not.toThrow();
});

it.each(["", ".", "..", "a\0", "a\x85", "\ud800", "x".repeat(201), undefined, 7, null, {}])("refuses %j in words", (name) => {
  expect(() => checkName(name)).toThrow(expect.objectContaining({ code: "bad_request", message: expect.stringMatching(/^A room.*\.$/) }));
});
