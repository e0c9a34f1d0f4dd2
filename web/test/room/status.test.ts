// SPDX-License-Identifier: MIT
// How it stands with the room, beside the connection.

import { expect, it } from "vitest";
import { type Status, WsechoError } from "wsecho";
import { statusOf } from "../../src/room/status";

const open: Status = { state: "open", transport: "sse", why: "fell back", retryAt: null, remedy: "retry", code: null };
const forbidden = new WsechoError("forbidden", "you are not allowed to be in this room");
const internal = new WsechoError("internal", "oops");

it.each([
  [open, true, null, open],
  [open, false, null, { ...open, state: "connecting", why: "" }],
  [open, false, forbidden, { ...open, state: "closed", why: forbidden.message, remedy: "token", code: "forbidden" }],
  [open, false, internal, { ...open, state: "closed", why: "oops", remedy: "retry", code: "internal" }],
  [{ ...open, state: "offline" }, false, forbidden, { ...open, state: "offline" }],
  [{ ...open, state: "connecting" }, true, null, { ...open, state: "connecting" }],
] as const)("with %j, joined %s, is what follows of it", (connection, isJoined, refusal, expected) => {
  expect(statusOf(connection, isJoined, refusal)).toEqual(expected);
});
