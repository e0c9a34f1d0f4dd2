// SPDX-License-Identifier: MIT
// Room names: which may be, and how one stands in an address.

import { expect, it } from "vitest";
import { faultOf, roomOf, roomPath, withRoom } from "../../src/room/name";

it.each(["main", "a/b", "..a", " ", "ü😀", "😀".repeat(200), "%2F"])("takes %j", (name) => {
  expect(faultOf(name)).toBeNull();
});

it.each(["", ".", "..", "a\0", "a\x85", "\ud800", "x".repeat(201)])("refuses %j in words", (name) => {
  expect(faultOf(name)).toMatch(/^A room.*\.$/);
});

it("is one segment of the server's path", () => {
  expect(roomPath("a/b ü?#")).toBe("/broadcast/a%2Fb%20%C3%BC%3F%23");
});

it("is read from the page's address, main by default", () => {
  expect(roomOf("")).toBe("main");
  expect(roomOf("?room=a%2Fb+c")).toBe("a/b c");
});

it("goes into the page's address and leaves the rest of it alone", () => {
  expect(withRoom("?transport=sse&room=old", "a/b")).toBe("?transport=sse&room=a%2Fb");
  expect(roomOf(withRoom("", "a+b & c=d"))).toBe("a+b & c=d");
});
