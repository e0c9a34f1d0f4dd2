// SPDX-License-Identifier: MIT
// One way down the ladder: the highest rung that is any good, or none.

import { type Fault, isFinal, type Line, type OpenLine } from "../net/line";
import type { Transport } from "../net/status";
import type { Cancel, World } from "../net/world";
import { Rung } from "./rung";

/**
 * Milliseconds after which the next rung is made ready beside one that has not answered yet. It is
 * taken only when that one has failed, and then there is nothing more to wait for.
 */
const HEAD_START = 1_500;

export interface DescentListener {
  onTrying(transport: Transport): void;
  /** `faults` are those of the rungs before it. */
  onFound(rung: Rung, line: Line, faults: readonly Fault[]): void;
  onNone(faults: readonly Fault[]): void;
}

export class Descent {
  readonly #world: World;
  readonly #open: OpenLine;
  readonly #order: readonly Transport[];
  readonly #deadline: number;
  readonly #listener: DescentListener;
  readonly #rungs: Rung[] = [];
  #isOver = false;
  #isStarting = false;
  #trying: Transport | null = null;
  #stopWaiting: Cancel = () => undefined;

  constructor(
    world: World,
    open: OpenLine,
    order: readonly Transport[],
    deadline: number,
    listener: DescentListener,
  ) {
    this.#world = world;
    this.#open = open;
    this.#order = order;
    this.#deadline = deadline;
    this.#listener = listener;
  }

  start(): void {
    this.#next();
    this.#look();
  }

  /** Gives up all that was begun. */
  cancel(): void {
    this.#isOver = true;
    this.#stopWaiting();
    for (const rung of this.#rungs) rung.drop();
  }

  /** Begins with the next rung, where there is one. */
  #next(): void {
    this.#stopWaiting();
    const transport = this.#order[this.#rungs.length];
    if (transport === undefined) return;
    const look = (): void => this.#look();
    const rung = new Rung(this.#world, this.#open, transport, {
      onOpen: look,
      onHeard: () => undefined,
      onFault: look,
    });
    this.#rungs.push(rung);
    this.#stopWaiting = this.#world.after(HEAD_START, () => {
      if (!rung.line) this.#next();
    });
    // A rung may fail while it starts.
    this.#isStarting = true;
    rung.start(this.#deadline);
    this.#isStarting = false;
  }

  /** Takes the highest rung that stands, unless a higher one may still come to. */
  #look(): void {
    if (this.#isOver || this.#isStarting) return;
    const faults: Fault[] = [];
    for (let index = 0; index < this.#order.length; index++) {
      if (index === this.#rungs.length) this.#next();
      const rung = this.#rungs[index];
      if (!rung) return;
      if (rung.line) return this.#found(rung, rung.line, faults);
      if (!rung.fault) return this.#isTrying(rung.transport);
      faults.push(rung.fault);
      if (isFinal(rung.fault)) break;
    }
    this.cancel();
    this.#listener.onNone(faults);
  }

  #isTrying(transport: Transport): void {
    if (transport === this.#trying) return;
    this.#trying = transport;
    this.#listener.onTrying(transport);
  }

  #found(rung: Rung, line: Line, faults: readonly Fault[]): void {
    this.#isOver = true;
    this.#stopWaiting();
    for (const other of this.#rungs) if (other !== rung) other.drop();
    this.#listener.onFound(rung, line, faults);
  }
}
