// SPDX-License-Identifier: MIT
// How long to wait before the next attempt: exponential, with full jitter.

const FIRST = 500;
const MOST = 10_000;
/** Nobody looks at a hidden tab, and there may be thousands of them when a server restarts. */
const MOST_HIDDEN = 60_000;
const FIRST_HIDDEN = 30_000;

export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds to wait after one more failure. */
  next(hidden: boolean): number {
    const most = hidden
      ? Math.min(MOST_HIDDEN, FIRST_HIDDEN * 2 ** this.#failures)
      : Math.min(MOST, FIRST * 2 ** this.#failures);
    // Past this the ceilings stand anyway, and the power would grow without end.
    this.#failures = Math.min(this.#failures + 1, 16);
    return this.#random() * most;
  }

  reset(): void {
    this.#failures = 0;
  }
}
