// SPDX-License-Identifier: MIT
// Where the points and lines of the round-trip plot go: plain geometry, drawn elsewhere.

/** A browser's clock is not finer than this, and a logarithm needs a floor. */
const FLOOR = 0.1;
/** As many as samples are kept: the newest stands at the right and moves one step with each answer. */
const STEPS = 60;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly y: number;
  readonly milliseconds: number;
}

export interface Plot {
  readonly points: readonly Point[];
  readonly lines: readonly Line[];
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Lays times out oldest first; the scale is logarithmic, since a file takes a thousand times longer. */
export function layOut(times: readonly number[], box: Box): Plot {
  const logs = times.map((time) => Math.log10(Math.max(time, FLOOR)));
  const low = Math.floor(Math.min(...logs, 0));
  const high = Math.max(Math.ceil(Math.max(...logs, low + 1)), low + 1);
  const y = (log: number): number =>
    box.bottom - ((log - low) / (high - low)) * (box.bottom - box.top);
  const step = (box.right - box.left) / (STEPS - 1);
  const points = logs.map((log, index) => ({
    x: box.right - (logs.length - 1 - index) * step,
    y: y(log),
  }));
  const lines = Array.from({ length: high - low + 1 }, (_, index) => ({
    y: y(low + index),
    milliseconds: 10 ** (low + index),
  }));
  return { points, lines };
}
