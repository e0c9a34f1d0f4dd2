// SPDX-License-Identifier: MIT
// Keeps what was received for as long as it can be saved: the latest, up to a size.

import type { Bytes } from "wsecho";

/** Bytes in all; a room's files would fill the browser's memory one by one. */
const MOST = 64 * 1024 * 1024;

interface Kept {
  readonly size: number;
  readonly onGone: () => void;
}

export class Shelf {
  readonly #most: number;
  /** By address, oldest first. */
  readonly #kept = new Map<string, Kept>();
  #size = 0;

  constructor(most = MOST) {
    this.#most = most;
  }

  /**
   * Returns an address of the bytes; `onGone` is called when they make place for others.
   *
   * Such an address is of the page's own origin, so `type` must be one that no browser ever runs.
   */
  put(bytes: Bytes, type: string, onGone: () => void): string {
    const url = URL.createObjectURL(new Blob([bytes], { type }));
    this.#kept.set(url, { size: bytes.length, onGone });
    this.#size += bytes.length;
    for (const [oldest, kept] of this.#kept) {
      if (this.#size <= this.#most || oldest === url) break;
      this.drop(oldest);
      kept.onGone();
    }
    return url;
  }

  /** The bytes are not to be had any more; does nothing for what it does not keep. */
  drop(url: string): void {
    const dropped = this.#kept.get(url);
    if (!dropped) return;
    this.#kept.delete(url);
    this.#size -= dropped.size;
    URL.revokeObjectURL(url);
  }
}
