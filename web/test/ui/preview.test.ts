// SPDX-License-Identifier: MIT
// Which texts are folded.

import { expect, it } from "vitest";
import { isLong } from "../../src/ui/preview";

it.each([
  ["", false],
  ["a".repeat(1_200), false],
  ["a".repeat(1_201), true],
  ["a\n".repeat(15), false],
  ["\n".repeat(16), true],
])("folds %j: %s", (text, folded) => {
  expect(isLong(text)).toBe(folded);
});
