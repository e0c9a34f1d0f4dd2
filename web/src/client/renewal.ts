// SPDX-License-Identifier: MIT
// Gets a fresh token before the one in use expires, and shows it to the server on the open line.

import type { Line } from "../net/line";
import type { Cancel, World } from "../net/world";
import type { Credentials } from "./credentials";

/** Milliseconds before a token expires that another is asked for; half of its time where it has less. */
const LEAD = 30_000;
const LEAST = 1_000;
/** The same, after nobody gave one. */
const PAUSE = 5_000;
/** What a timer takes at most. */
const LONGEST = 2 ** 31 - 1;

export class Renewal {
  readonly #world: World;
  readonly #credentials: Credentials;
  readonly #startOver: () => void;
  #line: Line | null = null;
  #stopWaiting: Cancel = () => undefined;

  /** `startOver` is called where a line takes no other token. */
  constructor(world: World, credentials: Credentials, startOver: () => void) {
    this.#world = world;
    this.#credentials = credentials;
    this.#startOver = startOver;
  }

  watch(line: Line): void {
    this.stop();
    this.#line = line;
    this.#wait();
  }

  stop(): void {
    this.#stopWaiting();
    this.#line = null;
  }

  #wait(): void {
    const { expiry, isRenewable } = this.#credentials;
    if (expiry === null || !isRenewable) return;
    const left = expiry - this.#world.date().getTime();
    this.#after(Math.max(left - LEAD, left / 2, LEAST));
  }

  #after(milliseconds: number): void {
    this.#stopWaiting();
    this.#stopWaiting = this.#world.after(Math.min(milliseconds, LONGEST), () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const line = this.#line;
    if (!line) return;
    const before = this.#credentials.token;
    try {
      await this.#credentials.renew();
    } catch {
      // The server says when it is too late.
      if (this.#line === line) this.#after(PAUSE);
      return;
    }
    const { token } = this.#credentials;
    if (this.#line !== line) return;
    if (token === before) return this.#after(PAUSE);
    try {
      await line.call("wsecho.token", [token], {});
    } catch {
      if (this.#line === line) this.#startOver();
      return;
    }
    if (this.#line === line) this.#wait();
  }
}
