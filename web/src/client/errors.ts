// SPDX-License-Identifier: MIT
// What went wrong, by the codes that the server's other doors have.

import { type ErrorCode, WsechoError } from "../api";
import { Gone, Refusal, TooLarge } from "../net/line";

const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ["wamp.error.invalid_argument", "bad_request"],
  ["wamp.error.invalid_uri", "bad_request"],
  ["wamp.error.not_authorized", "forbidden"],
  ["wamp.error.authentication_required", "unauthorized"],
  ["wamp.error.authentication_denied", "unauthorized"],
  ["wamp.error.authentication_failed", "unauthorized"],
  ["wamp.error.payload_size_exceeded", "too_large"],
  ["wamp.error.network_failure", "bus_unavailable"],
  ["wamp.error.timeout", "bus_timeout"],
  ["wsecho.error.over_rate", "over_rate"],
  ["wsecho.error.over_limit", "over_limit"],
  ["wamp.error.runtime_error", "internal"],
]);

/** What passes by itself: the same again, under the same key, may be taken. */
const PASSING: ReadonlySet<ErrorCode> = new Set(["over_rate", "over_limit", "bus_unavailable", "bus_timeout"]);
/** After these it may have been taken all the same. */
const OPEN: ReadonlySet<ErrorCode> = new Set(["bus_timeout", "lost", "internal"]);

/** Whatever a line broke a promise with, as its user is told; `what` it was about. */
export function explained(error: unknown, what: string): WsechoError {
  if (error instanceof WsechoError) return error;
  if (error instanceof TooLarge) return new WsechoError("too_large", error.message);
  if (error instanceof Gone) return new WsechoError("lost", error.message);
  if (!(error instanceof Refusal)) return new WsechoError("internal", String(error));
  const code = CODES.get(error.uri) ?? "refused";
  // Of a right that is missing the server often says no more than that.
  const text = code === "forbidden" ? `you are not allowed to ${what} (${error.uri})` : error.message;
  return new WsechoError(code, text, error.uri, error.args, error.kwargs);
}

export function isPassing({ code }: WsechoError): boolean {
  return PASSING.has(code);
}

export function mayHaveArrived({ code }: WsechoError): boolean {
  return OPEN.has(code);
}
