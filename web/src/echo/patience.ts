// SPDX-License-Identifier: MIT
// How long an answer may take before the connection counts as dead.

const SILENCE = 10_000;
/** A slow uplink's bytes per millisecond: a large file is not a dead connection. */
const SLOWEST = 16;

/** Milliseconds to wait for the answer to so many bytes. */
export function patience(bytes: number): number {
  return SILENCE + bytes / SLOWEST;
}
