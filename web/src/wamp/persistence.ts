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
    await pause(this.#world, this.#backoff.next(false), this.#signal);
    return !this.#signal.aborted;
  }
}

/** Resolves after a while, or when `signal` is aborted. */
export function pause(world: World, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = world.after(milliseconds, done);
    signal.addEventListener("abort", done);
  });
}
