// SPDX-License-Identifier: MIT
// Says in a few words which transports failed and what came of it.

import type { Fault, FaultKind } from "../net/line";
import type { Transport } from "../net/status";

export const SHORT_NAMES: Readonly<Record<Transport, string>> = {
  websocket: "WebSocket",
  sse: "SSE",
  longpoll: "long-polling",
};

const WORDS: Readonly<Record<FaultKind, string>> = {
  missing: "missing in this browser",
  crowded: "in use by other tabs",
  refused: "refused",
  foreign: "not known there",
  held: "held back on the way",
  late: "not answering",
  lost: "lost twice",
  silent: "silent twice",
  stopping: "closed",
  too_large: "closed",
  denied: "not allowed",
  unauthorized: "asking for a token",
};

/** `WebSocket refused: fell back to SSE at 10:42:07`. */
export function fellBack(faults: readonly Fault[], transport: Transport, at: Date): string {
  return `${failed(faults)}: fell back to ${SHORT_NAMES[transport]} at ${at.toTimeString().slice(0, 8)}`;
}

/** `WebSocket refused: trying SSE`. */
export function trying(faults: readonly Fault[], transport: Transport): string {
  return `${failed(faults)}: trying ${SHORT_NAMES[transport]}`;
}

function failed(faults: readonly Fault[]): string {
  return faults.map(({ transport, kind }) => `${SHORT_NAMES[transport]} ${WORDS[kind]}`).join(", ");
}

/** Why no rung answers, in one reason: the first that says more than that it was refused. */
export function outage(faults: readonly Fault[]): string {
  const telling = faults.find(({ kind }) => kind !== "refused" && kind !== "missing");
  return (telling ?? faults.at(-1))?.text ?? "";
}
