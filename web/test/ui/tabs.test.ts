// SPDX-License-Identifier: MIT
// Where the keyboard leads among tabs.

import { expect, it } from "vitest";
import { tabAfter } from "../../src/ui/tabs";

it.each([
  ["ArrowRight", 0, 1],
  ["ArrowRight", 2, 0],
  ["ArrowLeft", 1, 0],
  ["ArrowLeft", 0, 2],
  ["Home", 2, 0],
  ["End", 0, 2],
  ["Enter", 1, null],
  ["a", 1, null],
])("leads by %s from tab %d to %s", (key, index, next) => {
  expect(tabAfter(key, index, 3)).toBe(next);
});
