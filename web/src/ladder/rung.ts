// SPDX-License-Identifier: MIT
// One try at one transport: to WELCOME in time, or not; then the open line, to its end.

import type { Fault, Line, OpenLine } from "../net/line";
import type { Transport } from "../net/status";
import type { Cancel, World } from "../net/world";

export interface RungListener {
  onOpen(rung: Rung): void;
  onHeard(rung: Rung): void;
  onFault(rung: Rung, fault: Fault): void;
}

export class Rung {
  readonly transport: Transport;
  /** Whoever looks after it now: who tried it, then who uses it. */
  listener: RungListener;
  readonly #world: World;
  readonly #open: OpenLine;
  #line: Line | null = null;
  #fault: Fault | null = null;
  #startedAt = 0;
  /** Milliseconds from the start to WELCOME. */
  #took = 0;
  #giveUp: Cancel = () => undefined;
  #stopWaiting: Cancel = () => undefined;

  constructor(world: World, open: OpenLine, transport: Transport, listener: RungListener) {
    this.#world = world;
    this.#open = open;
    this.transport = transport;
    this.listener = listener;
  }

  get line(): Line | null {
    return this.#fault ? null : this.#line;
  }

  get fault(): Fault | null {
    return this.#fault;
  }

  get took(): number {
    return this.#took;
  }

  start(deadline: number): void {
    this.#startedAt = this.#world.now();
    this.#stopWaiting = this.#world.after(deadline, () =>
      this.fail("late", "there was no answer in time"),
    );
    const giveUp = this.#open(this.transport, {
      onOpen: (line) => this.#opened(line),
      onHeard: () => this.listener.onHeard(this),
      onClosed: (fault) => this.#failed(fault),
    });
    // It may have failed before there was something to give up.
    if (!this.#fault) this.#giveUp = giveUp;
  }

  /** Closes it for cause. */
  fail(kind: "late" | "silent", text: string): void {
    if (this.#fault) return;
    this.#giveUp();
    this.#failed({ transport: this.transport, kind, text });
  }

  /** Closes it; its listener hears nothing more. */
  drop(): void {
    if (this.#fault) return;
    this.#fault = { transport: this.transport, kind: "lost", text: "it was left" };
    this.#stopWaiting();
    this.#giveUp();
  }

  #opened(line: Line): void {
    if (this.#fault) return;
    this.#stopWaiting();
    this.#line = line;
    this.#took = this.#world.now() - this.#startedAt;
    this.listener.onOpen(this);
  }

  #failed(fault: Fault): void {
    if (this.#fault) return;
    this.#fault = fault;
    this.#stopWaiting();
    this.listener.onFault(this, fault);
  }
}
