// SPDX-License-Identifier: MIT
// Beats once a second while it is wanted and somebody is looking, for the plot to be live.

import type { Cancel, World } from "../net/world";

const SECOND = 1_000;

export class Pulse {
  readonly #world: World;
  readonly #beat: () => void;
  #cancel: Cancel | null = null;

  constructor(world: World, beat: () => void) {
    this.#world = world;
    this.#beat = beat;
  }

  start(): void {
    this.stop();
    this.#turn();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #turn(): void {
    if (!this.#world.isHidden()) this.#beat();
    this.#cancel = this.#world.after(SECOND, () => this.#turn());
  }
}
