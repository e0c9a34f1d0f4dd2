// SPDX-License-Identifier: MIT
// Watches over an open line: where it was silent for long it is asked, and an answer must come.

import type { Cancel, World } from "../net/world";
import type { Line } from "../net/line";

const SILENCE = 10_000;
/** After a death, and while something waits for its answer. */
const SHORT_SILENCE = 3_000;
const ANSWER = 3_000;
/** A slow uplink's bytes per millisecond: a large file before the question is no death. */
const SLOWEST = 16;
const TICK = 1_000;
/** A tab that slept hears its timers before it hears what came meanwhile. */
const OVERSLEPT = 1_500;

export interface VigilListener {
  onDead(): void;
  onRoundTrip(milliseconds: number): void;
}

export class Vigil {
  readonly #world: World;
  readonly #line: Line;
  readonly #isUneasy: () => boolean;
  readonly #listener: VigilListener;
  #heardAt: number;
  #askedAt: number | null = null;
  #isOver = false;
  #stopTick: Cancel = () => undefined;
  #stopWaiting: Cancel = () => undefined;

  /** `isUneasy` says whether there was a death lately. */
  constructor(world: World, line: Line, isUneasy: () => boolean, listener: VigilListener) {
    this.#world = world;
    this.#line = line;
    this.#isUneasy = isUneasy;
    this.#listener = listener;
    this.#heardAt = world.now();
    this.#tick();
  }

  heard(): void {
    this.#heardAt = this.#world.now();
  }

  /** Asks at once, whatever came lately. */
  doubt(): void {
    if (this.#askedAt === null && !this.#isOver) void this.#ask();
  }

  stop(): void {
    this.#isOver = true;
    this.#stopTick();
    this.#stopWaiting();
  }

  #tick(): void {
    this.#stopTick = this.#world.after(TICK, () => {
      this.#tick();
      const isWaiting = this.#line.unanswered() > 0 || this.#isUneasy();
      const silence = this.#world.now() - this.#heardAt;
      if (silence >= (isWaiting ? SHORT_SILENCE : SILENCE)) this.doubt();
    });
  }

  async #ask(): Promise<void> {
    const askedAt = this.#world.now();
    this.#askedAt = askedAt;
    this.#await(ANSWER + this.#line.unanswered() / SLOWEST);
    try {
      await this.#line.call("wsecho.echo", [], {});
    } catch {
      // A refusal is an answer too; and of its end the line tells by itself.
    }
    this.#askedAt = null;
    this.#stopWaiting();
    if (this.#isOver) return;
    this.heard();
    this.#listener.onRoundTrip(this.#world.now() - askedAt);
  }

  #await(milliseconds: number): void {
    const due = this.#world.now() + milliseconds;
    this.#stopWaiting = this.#world.after(milliseconds, () => {
      const overslept = this.#world.now() - due > OVERSLEPT;
      // What comes in so fast may well hold up the answer.
      const isTalking = this.#askedAt !== null && this.#heardAt > this.#askedAt;
      const isPatient = isTalking && this.#world.now() - (this.#askedAt ?? 0) < SILENCE;
      if (overslept || isPatient) this.#await(ANSWER);
      else this.#dead();
    });
  }

  #dead(): void {
    this.stop();
    this.#listener.onDead();
  }
}
