// SPDX-License-Identifier: MIT
// Tries a request again for a while: a proxy that reloads must not end a session.

import { Backoff } from "../net/backoff";
import type { World } from "../net/world";

/** Milliseconds after which what fails all the time is dead. */
const LONGEST = 8_000;

export class Persistence {
  readonly #world: World;
  readonly #signal: AbortSignal;
  readonly #backoff: Backoff;
  #failingSince: number | null = null;

  /** `signal` ends all trying, and the pauses between. */
  constructor(world: World, signal: AbortSignal) {
    this.#world = world;
    this.#signal = signal;
    this.#backoff = new Backoff(world.random);
  }

  succeeded(): void {
    this.#failingSince = null;
    this.#backoff.reset();
  }

  /** Waits before the next try; says whether there should be one. */
  async failed(): Promise<boolean> {
    this.#failingSince ??= this.#world.now();
    if (this.#signal.aborted || this.#world.now() - this.#failingSince >= LONGEST) return false;
    await this.#pause();
    return !this.#signal.aborted;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.#world.after(this.#backoff.next(false), done);
      this.#signal.addEventListener("abort", done);
    });
  }
}
