// SPDX-License-Identifier: MIT
// From a lower rung, tries the best transport again in the background, for as long as it takes.

import type { OpenLine } from "../net/line";
import type { Transport } from "../net/status";
import type { Cancel, World } from "../net/world";
import { Rung, type RungListener } from "./rung";

const LEAST = 45_000;
const SPREAD = 30_000;
/** Where it was an outage that led down here, the best will be back when anything is. */
const SOON = 1_000;
const SOON_SPREAD = 3_000;

export class Ascent {
  readonly #world: World;
  readonly #open: OpenLine;
  readonly #best: Transport;
  readonly #deadline: () => number;
  readonly #onOpen: (rung: Rung) => void;
  #rung: Rung | null = null;
  #stopWaiting: Cancel;

  constructor(
    world: World,
    open: OpenLine,
    best: Transport,
    deadline: () => number,
    isSoon: boolean,
    onOpen: (rung: Rung) => void,
  ) {
    this.#world = world;
    this.#open = open;
    this.#best = best;
    this.#deadline = deadline;
    this.#onOpen = onOpen;
    const wait = isSoon ? SOON + world.random() * SOON_SPREAD : this.#pause();
    this.#stopWaiting = world.after(wait, () => this.#try());
  }

  /** Tries at once. */
  now(): void {
    if (this.#rung) return;
    this.#stopWaiting();
    this.#try();
  }

  /** Takes its rung away again: it is to wait and try anew. */
  failed(): void {
    this.#rung?.drop();
    this.#rung = null;
    this.#stopWaiting();
    this.#stopWaiting = this.#world.after(this.#pause(), () => this.#try());
  }

  stop(): void {
    this.#stopWaiting();
    this.#rung?.drop();
    this.#rung = null;
  }

  /** Hands its open rung over; it is no longer this one's to drop. */
  release(): void {
    this.#stopWaiting();
    this.#rung = null;
  }

  #pause(): number {
    return LEAST + this.#world.random() * SPREAD;
  }

  #try(): void {
    const listener: RungListener = {
      onOpen: (rung) => this.#onOpen(rung),
      onHeard: () => undefined,
      onFault: () => this.failed(),
    };
    this.#rung = new Rung(this.#world, this.#open, this.#best, listener);
    this.#rung.start(this.#deadline());
  }
}
