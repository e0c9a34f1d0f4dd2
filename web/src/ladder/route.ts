// SPDX-License-Identifier: MIT
// Which rungs there are, where the next way down begins, and the reason for not being at the top.

import type { Fault } from "../net/line";
import type { Transport } from "../net/status";
import type { Memory } from "./memory";
import { fellBack, trying } from "./words";

export interface RouteOptions {
  readonly memory: Memory;
  /** The rungs there are to be, from the top. */
  readonly rungs: readonly Transport[];
}

export class Route {
  readonly #memory: Memory;
  readonly #rungs: readonly Transport[];
  #first: Transport;
  #fall = "";
  /** What is held against the rungs above the first. */
  #against: readonly Fault[] = [];
  #hasBeenBest = false;

  constructor({ memory, rungs }: RouteOptions) {
    this.#memory = memory;
    this.#rungs = rungs;
    const remembered = rungs.length > 1 ? memory.read() : null;
    const isKnown = remembered !== null && rungs.includes(remembered.transport);
    this.#first = isKnown ? remembered.transport : this.best;
    this.#fall = isKnown ? remembered.why : "";
  }

  get best(): Transport {
    return this.#rungs[0] ?? "websocket";
  }

  /** What worked last, or the rung below what died too often. */
  get first(): Transport {
    return this.#first;
  }

  /** Why it is not on the best; empty where it is. */
  get fall(): string {
    return this.#fall;
  }

  /** All rungs, from the first down and then from the top. */
  order(): readonly Transport[] {
    const start = Math.max(0, this.#rungs.indexOf(this.#first));
    return [...this.#rungs.slice(start), ...this.#rungs.slice(0, start)];
  }

  /** What to say while a rung is tried; empty where there is nothing new. */
  reason(transport: Transport): string {
    return this.#against.length > 0 ? trying(this.#against, transport) : "";
  }

  /** Whether these faults look like an outage that ended in the middle of them. */
  isOutage(faults: readonly Fault[]): boolean {
    return this.#hasBeenBest && faults.some(({ kind }) => kind === "refused");
  }

  /** A rung was found, after these faults. */
  arrive(transport: Transport, faults: readonly Fault[], at: Date): void {
    const all = [...this.#against, ...faults];
    this.#against = [];
    this.#first = transport;
    this.#hasBeenBest ||= transport === this.best;
    if (transport === this.best) this.#fall = "";
    else if (all.length > 0) this.#fall = fellBack(all, transport, at);
    if (this.#rungs.length > 1) this.#memory.write({ transport, why: this.#fall });
  }

  /** Nothing was found: no rung is worse than another. */
  forgive(): void {
    this.#against = [];
  }

  /** A rung died too often. */
  stepDown(fault: Fault): void {
    const below = this.#rungs[this.#rungs.indexOf(fault.transport) + 1];
    if (below === undefined) return;
    this.#against = [fault];
    this.#first = below;
  }
}
