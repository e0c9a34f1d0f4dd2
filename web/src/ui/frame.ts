// SPDX-License-Identifier: MIT
// Draws at most once a frame, however fast things arrive.

/** A hidden tab gets no frames, and must not pile up what it was told meanwhile. */
const HIDDEN = 250;

/** Returns a function that asks for `draw` to be run soon, once for any number of askings. */
export function oncePerFrame(draw: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    const run = (): void => {
      if (!asked) return;
      asked = false;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      draw();
    };
    const frame = requestAnimationFrame(run);
    const timer = setTimeout(run, HIDDEN);
  };
}
