// SPDX-License-Identifier: MIT
// The sentence beside a connection's state.

import { expect, it } from "vitest";
import { explain } from "../../src/ui/status";

const status = { transport: "websocket", why: "", retryAt: null, remedy: "retry", code: null } as const;

it("names the transport while all is well, or why it is not the usual one", () => {
  expect(explain({ ...status, state: "open" })).toBe("over WebSocket");
  expect(explain({ ...status, state: "open", transport: "sse", why: "WebSocket refused: fell back to SSE at 10:42:07" })).toBe(
    "WebSocket refused: fell back to SSE at 10:42:07",
  );
});

it("says what happens to what is written offline", () => {
  expect(explain({ ...status, state: "offline", why: "the connection was lost" })).toContain("waits here");
});

it("says why it is not open", () => {
  expect(explain({ ...status, state: "connecting", why: "the server cannot be reached" })).toBe("the server cannot be reached");
});
