// SPDX-License-Identifier: MIT
// WebSocket addresses follow the page's own origin.

import { expect, it } from "vitest";
import { socketUrl } from "../../src/ui/address";

it("is ws for http and wss for https, port and all", () => {
  expect(socketUrl(new URL("http://127.0.0.1:8080/?room=x"), "/echo")).toBe("ws://127.0.0.1:8080/echo");
  expect(socketUrl(new URL("https://example.org/"), "/echo")).toBe("wss://example.org/echo");
  expect(socketUrl(new URL("http://[::1]:81/"), "/echo")).toBe("ws://[::1]:81/echo");
});
