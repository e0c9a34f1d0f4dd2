// SPDX-License-Identifier: MIT
// The figures over the last sixty round trips.

import { expect, it } from "vitest";
import { Samples } from "../../src/echo/samples";

it("has no figures before the first answer", () => {
  expect(new Samples().figures()).toBeNull();
});

it("gives last, fastest, median and slowest", () => {
  const samples = new Samples();
  for (const time of [5, 1, 9, 3, 4]) samples.add(time);
  expect(samples.figures()).toEqual({ last: 4, fastest: 1, median: 4, slowest: 9 });
});

it("forgets all but the last sixty, and counts all", () => {
  const samples = new Samples();
  for (let time = 1; time <= 100; time++) samples.add(time);
  expect([samples.times.length, samples.count, samples.figures()?.fastest]).toEqual([60, 100, 41]);
});
