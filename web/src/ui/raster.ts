// SPDX-License-Identifier: MIT
// Tells pictures by their first bytes: formats of pixels only, since an SVG is a program.

import type { Bytes } from "wsecho";

export interface Raster {
  readonly type: "image/png" | "image/jpeg" | "image/gif" | "image/webp";
  readonly extension: "png" | "jpg" | "gif" | "webp";
  readonly width: number;
  readonly height: number;
}

/** A few bytes may say that they are gigabytes of pixels. */
const MOST_PIXELS = 40_000_000;

type Size = readonly [width: number, height: number];

/** What picture it is; null where it is none, or one too large to be shown. */
export function rasterOf(bytes: Bytes): Raster | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const raster = png(view) ?? gif(view) ?? webp(view) ?? jpeg(view);
    const pixels = raster ? raster.width * raster.height : 0;
    return pixels > 0 && pixels <= MOST_PIXELS ? raster : null;
  } catch (error) {
    // It ends before it says how large it is.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function png(view: DataView): Raster | null {
  if (!says(view, 0, "\x89PNG\r\n\x1a\n") || !says(view, 12, "IHDR")) return null;
  return { type: "image/png", extension: "png", width: view.getUint32(16), height: view.getUint32(20) };
}

function gif(view: DataView): Raster | null {
  if (!says(view, 0, "GIF87a") && !says(view, 0, "GIF89a")) return null;
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  return { type: "image/gif", extension: "gif", width, height };
}

function webp(view: DataView): Raster | null {
  if (!says(view, 0, "RIFF") || !says(view, 8, "WEBP")) return null;
  const size = lossy(view) ?? lossless(view) ?? extended(view);
  return size && { type: "image/webp", extension: "webp", width: size[0], height: size[1] };
}

/** RFC 9649, section 2.5, and RFC 6386, section 9.1. */
function lossy(view: DataView): Size | null {
  if (!says(view, 12, "VP8 ")) return null;
  return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
}

/** RFC 9649, section 3.4: two numbers of 14 bits, each one less than meant. */
function lossless(view: DataView): Size | null {
  if (!says(view, 12, "VP8L")) return null;
  const bits = view.getUint32(21, true);
  return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
}

/** RFC 9649, section 2.7: two numbers of 24 bits, each one less than meant. */
function extended(view: DataView): Size | null {
  if (!says(view, 12, "VP8X")) return null;
  const at = (place: number): number => view.getUint16(place, true) + (view.getUint8(place + 2) << 16) + 1;
  return [at(24), at(27)];
}

/** ITU-T T.81, annex B: segments up to the frame header, which has the size. */
function jpeg(view: DataView): Raster | null {
  if (!says(view, 0, "\xff\xd8\xff")) return null;
  for (let place = 2; ; place += 2 + view.getUint16(place + 2)) {
    while (view.getUint8(place + 1) === 0xff) place++;
    const marker = view.getUint8(place + 1);
    if (view.getUint8(place) !== 0xff) return null;
    if (!isFrame(marker)) continue;
    const [height, width] = [view.getUint16(place + 5), view.getUint16(place + 7)];
    return { type: "image/jpeg", extension: "jpg", width, height };
  }
}

/** SOF0 to SOF15, of which three numbers mean something else. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function says(view: DataView, place: number, word: string): boolean {
  if (view.byteLength < place + word.length) return false;
  return [...word].every((letter, index) => view.getUint8(place + index) === letter.charCodeAt(0));
}
