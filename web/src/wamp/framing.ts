// SPDX-License-Identifier: MIT
// Writes a message for a transport, and holds it against what the server takes.

import { TooLarge } from "../net/line";
import { byteLength } from "../net/payload";
import { writeMessage } from "./json";

const [ERROR, INVOCATION, YIELD] = [8, 68, 70];
const PAYLOAD_SIZE_EXCEEDED = "wamp.error.payload_size_exceeded";

/**
 * The message as text, with `extra` bytes for what the transport puts around it.
 *
 * An answer to somebody's call that is too large becomes an error: the caller is to hear of it.
 *
 * Throws `TooLarge` where it is more than `limit`; null for no limit.
 */
export function frame(message: unknown, limit: number | null, extra: number): string {
  const text = writeMessage(message);
  // A character is three bytes at most.
  if (limit === null || 3 * text.length + extra <= limit) return text;
  const size = byteLength(text) + extra;
  if (size <= limit) return text;
  const error = new TooLarge(size, limit);
  const [type, request] = message as readonly unknown[];
  if (type !== YIELD) throw error;
  return writeMessage([ERROR, INVOCATION, request, {}, PAYLOAD_SIZE_EXCEEDED, [error.message]]);
}
