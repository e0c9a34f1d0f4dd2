// SPDX-License-Identifier: MIT
// Which bytes are pictures that may be shown: pixels, of a size that is told and can be borne.

import { expect, it } from "vitest";
import type { Bytes } from "../../src/net/payload";
import { rasterOf } from "../../src/ui/raster";

const latin = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const bytes = (...parts: (string | number)[]): Bytes =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? latin(part) : [part])));

const PNG = (width: string, height: string): Bytes => bytes("\x89PNG\r\n\x1a\n", "\0\0\0\rIHDR", width, height);
const PICTURES: [string, Bytes, [string, string, number, number]][] = [
  ["PNG", PNG("\0\0\x01\x40", "\0\0\0\xb4"), ["image/png", "png", 320, 180]],
  ["GIF", bytes("GIF89a", "\x40\x01\xb4\0"), ["image/gif", "gif", 320, 180]],
  ["old GIF", bytes("GIF87a", "\x01\0\x02\0"), ["image/gif", "gif", 1, 2]],
  ["JPEG", bytes("\xff\xd8\xff\xe0\0\x04ab", "\xff\xc0\0\x11\x08", "\0\xb4\x01\x40"), ["image/jpeg", "jpg", 320, 180]],
  ["progressive JPEG with fill bytes", bytes("\xff\xd8\xff\xff\xff\xe1\0\x02\xff\xc4\0\x02", "\xff\xc2\0\x11\x08", "\0\x01\0\x02"), ["image/jpeg", "jpg", 2, 1]],
  ["lossy WebP", bytes("RIFF....WEBPVP8 ....", "\0\0\0\x9d\x01\x2a", "\x40\x01\xb4\0"), ["image/webp", "webp", 320, 180]],
  ["lossless WebP", bytes("RIFF....WEBPVP8L....\x2f", "\x3f\xc1\x2c\0"), ["image/webp", "webp", 320, 180]],
  ["extended WebP", bytes("RIFF....WEBPVP8X....", "\0\0\0\0", "\x3f\x01\0\xb3\0\0"), ["image/webp", "webp", 320, 180]],
];

it.each(PICTURES)("knows a %s and its size", (_, file, [type, extension, width, height]) => {
  expect(rasterOf(file)).toEqual({ type, extension, width, height });
});

it.each(PICTURES)("takes no %s that ends before its size", (_, file) => {
  for (let length = 0; length < file.length; length++) expect(rasterOf(file.slice(0, length))).toBeNull();
});

it.each(PICTURES)("finds a %s where it lies within other bytes", (_, file) => {
  const within = new Uint8Array([1, 2, 3, ...file, 4]).subarray(3, 3 + file.length);
  expect(rasterOf(within)).toEqual(rasterOf(file));
});

it.each([
  ["nothing", bytes()],
  ["an SVG", bytes('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
  ["HTML", bytes("<!doctype html><script>alert(1)</script>")],
  ["a PDF", bytes("%PDF-1.7")],
  ["a BMP", bytes("BM", "\0".repeat(60))],
  ["what begins like a PNG", bytes("\x89PNG<script>alert(1)</script>......")],
  ["a RIFF that is sound", bytes("RIFF....WAVEfmt ....................")],
  ["a JPEG of broken segments", bytes("\xff\xd8\xff\xe0\0\x04abXX\0\x11\x08\0\xb4\x01\x40")],
  ["a picture without a pixel", PNG("\0\0\0\0", "\0\0\0\x01")],
  ["a bomb", PNG("\0\0\x75\x30", "\0\0\x75\x30")],
  ["a larger bomb", PNG("\xff\xff\xff\xff", "\xff\xff\xff\xff")],
])("shows no picture of %s", (_, file) => {
  expect(rasterOf(file)).toBeNull();
});

it("is not led in a circle by a segment of no length", () => {
  expect(rasterOf(bytes("\xff\xd8\xff\xe0\0\0", "\xff\xe0\0\0".repeat(10)))).toBeNull();
});
