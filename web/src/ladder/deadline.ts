// SPDX-License-Identifier: MIT
// How long a rung may take to WELCOME: 4 s at first, then what the round trips seen allow.

const FIRST = 4_000;
const LEAST = 2_500;
const MOST = 16_000;
/** TCP, TLS, the upgrade and HELLO, and as much again for one that is lost on the way. */
const ROUND_TRIPS = 10;
const SERVER = 1_000;
/** How much of it a new measurement is (RFC 6298 smooths so too). */
const WEIGHT = 1 / 8;

export class Deadline {
  #roundTrip: number | null = null;
  #factor = 1;

  get milliseconds(): number {
    const learned = this.#roundTrip === null ? FIRST : SERVER + ROUND_TRIPS * this.#roundTrip;
    return Math.min(MOST, Math.max(LEAST, learned) * this.#factor);
  }

  /** A question was answered. */
  saw(roundTrip: number): void {
    const before = this.#roundTrip ?? roundTrip;
    this.#roundTrip = before + WEIGHT * (roundTrip - before);
  }

  opened(): void {
    this.#factor = 1;
  }

  /** No rung made it in time, so the network may be slower than was thought. */
  wasTooShort(): void {
    this.#factor = Math.min(8, this.#factor * 2);
  }
}
