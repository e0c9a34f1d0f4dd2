// SPDX-License-Identifier: MIT
// What comes down, however it comes.

export interface DownlinkListener {
  /** Something came, if only a sign of life. */
  onHeard(): void;
  onMessage(message: unknown): void;
  /** `held` where something on the way keeps what it should pass on. */
  onDead(why: string, kind: "lost" | "held"): void;
}
