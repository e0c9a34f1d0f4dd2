// SPDX-License-Identifier: MIT
// The last round-trip times, and the few figures that say what they are like.

const KEPT = 60;

export interface Figures {
  readonly last: number;
  readonly fastest: number;
  readonly median: number;
  readonly slowest: number;
}

export class Samples {
  #times: number[] = [];
  #count = 0;

  add(milliseconds: number): void {
    this.#times.push(milliseconds);
    if (this.#times.length > KEPT) this.#times.shift();
    this.#count += 1;
  }

  /** Oldest first. */
  get times(): readonly number[] {
    return this.#times;
  }

  /** All that were ever added. */
  get count(): number {
    return this.#count;
  }

  figures(): Figures | null {
    const last = this.#times.at(-1);
    if (last === undefined) return null;
    const sorted = this.#times.toSorted((one, other) => one - other);
    const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? last;
    return { last, fastest: at(0), median: at(0.5), slowest: at(1) };
  }
}
