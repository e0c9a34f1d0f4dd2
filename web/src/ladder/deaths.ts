// SPDX-License-Identifier: MIT
// Counts how often a transport died: twice in a minute, and it is no good.

import type { Transport } from "../net/status";

const WITHIN = 60_000;

export class Deaths {
  readonly #last = new Map<Transport, number>();

  /** Says whether that was the second within the time. */
  add(transport: Transport, now: number): boolean {
    const before = this.#last.get(transport);
    const isSecond = before !== undefined && now - before < WITHIN;
    if (isSecond) this.#last.delete(transport);
    else this.#last.set(transport, now);
    return isSecond;
  }

  /** Whether any died lately. */
  areFresh(now: number): boolean {
    return [...this.#last.values()].some((at) => now - at < WITHIN);
  }
}
