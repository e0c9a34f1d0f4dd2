// SPDX-License-Identifier: MIT
// What one WebSocket message carries: text or bytes, and when two are the same.

import type { Bytes } from "../api";

export type { Bytes };
export type Payload = string | Bytes;

/** The same kind and the same bytes: text is never equal to the bytes that spell it. */
export function same(one: Payload, other: Payload): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** The payload's length on the wire. */
export function byteLength(payload: Payload): number {
  return typeof payload === "string" ? utf8Length(payload) : payload.length;
}

function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) length += 1;
    // Each half of a surrogate pair is a unit, and the two make four bytes.
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) length += 1;
    if (isLoneSurrogate(text, index)) length += 1;
  }
  return length;
}

/** A browser sends a lone surrogate as U+FFFD, which takes three bytes. */
function isLoneSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  if (unit < 0xd800 || unit > 0xdfff) return false;
  const other = text.charCodeAt(unit < 0xdc00 ? index + 1 : index - 1);
  return unit < 0xdc00 ? !(other >= 0xdc00 && other <= 0xdfff) : !(other >= 0xd800 && other < 0xdc00);
}
