// SPDX-License-Identifier: MIT
// WAMP's JSON, with binary as a string of U+0000 and base64 ("Binary conversion of JSON Strings").

import type { Bytes } from "../net/payload";

const NUL = "\0";
const ESCAPED_NUL = "\\u0000";
/** As many arguments as one call takes everywhere. */
const CHUNK = 8_192;

/** AutobahnJS's own would write bytes as an object of numbers. */
export function writeMessage(message: unknown): string {
  return JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Uint8Array ? NUL + toBase64(value) : value,
  );
}

/** Throws a SyntaxError where it is no JSON, an InvalidCharacterError where it is no base64. */
export function readMessage(text: string): unknown {
  // Only what may hold binary pays for looking at each value.
  if (!text.includes(ESCAPED_NUL)) return JSON.parse(text);
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === "string" && value.startsWith(NUL) ? fromBase64(value.slice(1)) : value,
  );
}

function toBase64(bytes: Uint8Array): string {
  let latin = "";
  for (let start = 0; start < bytes.length; start += CHUNK) {
    latin += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(latin);
}

function fromBase64(text: string): Bytes {
  const latin = atob(text);
  const bytes = new Uint8Array(latin.length);
  for (let index = 0; index < latin.length; index++) bytes[index] = latin.charCodeAt(index);
  return bytes;
}
