// SPDX-License-Identifier: MIT
// Room names: how one stands in an address.

import { expect, it } from "vitest";
import { fileName, roomOf, roomPath, withRoom } from "../../src/room/name";

it("is one segment of the server's path", () => {
  expect(roomPath("a/b ü?#")).toBe("/broadcast/a%2Fb%20%C3%BC%3F%23");
});

it("has nothing in that path that ends a quotation, or that a shell expands", () => {
  const all = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));
  expect(roomPath(all)).toMatch(/^\/broadcast\/[A-Za-z0-9%._~-]+$/);
  expect(decodeURIComponent(roomPath(all))).toBe(`/broadcast/${all}`);
});

it.each([["lobby", "lobby"], ["a/b\\c:d", "a-b-c-d"], ["..", "room"], ["../x", "x"], ["ü 1", "ü-1"], ["\u202egpj.exe", "gpj-exe"], ["\"*?<>|", "room"], ["x".repeat(200), "x".repeat(40)], ["𝒳".repeat(40), "𝒳".repeat(20)]])(
  "makes of %j the file name %j",
  (name, file) => expect(fileName(name)).toBe(file),
);

it("is read from the page's address, main by default", () => {
  expect(roomOf("")).toBe("main");
  expect(roomOf("?room=a%2Fb+c")).toBe("a/b c");
});

it("goes into the page's address and leaves the rest of it alone", () => {
  expect(withRoom("?transport=sse&room=old", "a/b")).toBe("?transport=sse&room=a%2Fb");
  expect(roomOf(withRoom("", "a+b & c=d"))).toBe("a+b & c=d");
});
