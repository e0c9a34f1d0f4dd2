// SPDX-License-Identifier: MIT
// Backoff: exponential ceilings, full jitter under them, and patience in a hidden tab.

import { describe, expect, it } from "vitest";
import { Backoff } from "../../src/net/backoff";

const ceilings = (backoff: Backoff, count: number, hidden = false): number[] =>
  Array.from({ length: count }, () => backoff.next(hidden));

describe("Backoff", () => {
  it("doubles its ceiling up to ten seconds", () => {
    const backoff = new Backoff(() => 1);
    expect(ceilings(backoff, 7)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it("spreads each wait from nothing to the ceiling", () => {
    expect(new Backoff(() => 0).next(false)).toBe(0);
    expect(new Backoff(() => 0.25).next(false)).toBe(125);
  });

  it("spreads hidden tabs over half a minute from the first failure on", () => {
    expect(ceilings(new Backoff(() => 1), 3, true)).toEqual([30_000, 60_000, 60_000]);
  });

  it("starts again after a reset", () => {
    const backoff = new Backoff(() => 1);
    ceilings(backoff, 5);
    backoff.reset();
    expect(backoff.next(false)).toBe(500);
  });

  it("stays finite through a night of failures", () => {
    const backoff = new Backoff(() => 1);
    expect(Math.max(...ceilings(backoff, 5_000))).toBe(10_000);
  });
});
