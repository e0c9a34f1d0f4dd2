// SPDX-License-Identifier: MIT
// Tries a request again for a while: a proxy that reloads must not end a session.

import { Backoff } from "../net/backoff";
import type { World } from "../net/world";

/** Milliseconds after which what fails all the time is dead. */
const LONGEST = 8_000;

export class Persistence {
  readonly #world: World;
  readonly #backoff: Backoff;
  #failingSince: number | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#backoff = new Backoff(world.random);
  }

  succeeded(): void {
    this.#failingSince = null;
    this.#backoff.reset();
  }

  /** Waits before the next try; says whether there should be one. */
  async failed(): Promise<boolean> {
    this.#failingSince ??= this.#world.now();
    if (this.#world.now() - this.#failingSince >= LONGEST) return false;
    await new Promise<void>((resolve) => this.#world.after(this.#backoff.next(false), resolve));
    return true;
  }
}
