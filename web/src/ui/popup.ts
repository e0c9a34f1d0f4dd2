// SPDX-License-Identifier: MIT
// A list or sheet that a click unfolds over the page, and that goes by itself.

import { part } from "./dom";

/** Closes it on Escape, which leads back to what had opened it, and on a click elsewhere. */
export function closeByItself(box: HTMLDetailsElement): void {
  document.addEventListener("pointerdown", ({ target }) => {
    if (target instanceof Node && !box.contains(target)) box.open = false;
  });
  box.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !box.open) return;
    box.open = false;
    part("summary", box).focus();
  });
}
