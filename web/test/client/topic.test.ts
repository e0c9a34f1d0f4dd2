// SPDX-License-Identifier: MIT
// A room's topic is the server's one spelling of it.

import { expect, it } from "vitest";
import { presenceTopic, roomTopic } from "../../src/client/topic";

it.each([
  ["main", "main"],
  ["a.b.c", "a.b.c"],
  [".a..b.", "%2Ea.%2Eb%2E"],
  ["...", "%2E.%2E"],
  ["a....b", "a.%2E.%2Eb"],
  ["a...b", "a.%2E.b"],
  ["a/b ü", "a%2Fb%20%C3%BC"],
])("%j is %j", (room, topic) => {
  expect(roomTopic(room)).toBe(`wsecho.room.${topic}`);
});

it("has a topic beside it for who comes and goes", () => {
  expect(presenceTopic("a..b/")).toBe("wsecho.presence.a.%2Eb%2F");
});
