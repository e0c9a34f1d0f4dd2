// SPDX-License-Identifier: MIT
// The plot's geometry: whole decades, the newest at the right, never outside its box.

import { expect, it } from "vitest";
import { layOut } from "../../src/echo/plot";

const BOX = { left: 50, top: 10, right: 640, bottom: 110 };

it("has a scale and no points before the first answer", () => {
  const { points, lines } = layOut([], BOX);
  expect([points, lines.map(({ milliseconds }) => milliseconds)]).toEqual([[], [1, 10]]);
});

it("puts the newest at the right and moves one step with each answer", () => {
  expect(layOut([2, 3, 4], BOX).points.map(({ x }) => x)).toEqual([620, 630, 640]);
});

it("spans the decades that the times need", () => {
  const { lines, points } = layOut([0.5, 1, 1_000], BOX);
  expect(lines.map(({ milliseconds }) => milliseconds)).toEqual([0.1, 1, 10, 100, 1_000]);
  expect(points[1]?.y).toBeCloseTo(85);
  expect(points[2]?.y).toBeCloseTo(BOX.top);
});

it("keeps times that the browser's clock cannot tell from nothing at the bottom", () => {
  expect(layOut([0, 0.00001], BOX).points.map(({ y }) => y)).toEqual([110, 110]);
});
