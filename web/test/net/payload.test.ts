// SPDX-License-Identifier: MIT
// Payloads: equality by kind and bytes, length on the wire.

import { expect, it } from "vitest";
import { byteLength, same } from "../../src/net/payload";

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

it("takes the same bytes for the same, and text never for bytes", () => {
  expect(same("a", "a")).toBe(true);
  expect(same(bytes(1, 2), bytes(1, 2))).toBe(true);
  expect(same(bytes(1, 2), bytes(1, 3))).toBe(false);
  expect(same(bytes(1, 2), bytes(1, 2, 3))).toBe(false);
  expect(same("a", bytes(97))).toBe(false);
  expect(same("", bytes())).toBe(false);
});

it("counts the bytes of text as the browser's encoder does", () => {
  for (const text of ["", "abc", "ü", "€", "😀", "a\ud83d", "\ude00b", "\ud83d\ud83d\ude00", "\0\x7f\x80\u07ff\u0800\uffff"])
    expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
  expect(byteLength(bytes(1, 2, 3))).toBe(3);
});
