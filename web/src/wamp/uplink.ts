// SPDX-License-Identifier: MIT
// What goes up: one POST at a time, numbered, batched, and tried again under its number.

import type { World } from "../net/world";
import { joinBatch } from "./batch";
import { Persistence } from "./persistence";
import { isPassing, post } from "./post";

/** Characters after which a batch takes no further message: the server bounds a body. */
const MOST = 1 << 16;
const TIMEOUT = 8_000;
/** A slow uplink's characters per millisecond. */
const SLOWEST = 16;

export class Uplink {
  readonly #world: World;
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #onDead: (why: string) => void;
  readonly #persistence: Persistence;
  #waiting: string[] = [];
  #number = 0;
  #isSending = false;

  constructor(world: World, url: string, signal: AbortSignal, onDead: (why: string) => void) {
    this.#world = world;
    this.#url = url;
    this.#signal = signal;
    this.#onDead = onDead;
    this.#persistence = new Persistence(world);
  }

  /** Takes a written message. */
  send(written: string): void {
    this.#waiting.push(written);
    if (!this.#isSending) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isSending = true;
    // What is said in one go goes as one batch.
    await Promise.resolve();
    while (this.#waiting.length > 0 && !this.#signal.aborted) {
      if (!(await this.#deliver(joinBatch(this.#take())))) break;
    }
    this.#isSending = false;
  }

  #take(): string[] {
    let size = 0;
    let count = 0;
    for (const written of this.#waiting) {
      if (count > 0 && size + written.length > MOST) break;
      size += written.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #deliver(body: string): Promise<boolean> {
    const url = `${this.#url}?seq=${++this.#number}`;
    for (;;) {
      const reply = await post(this.#world, url, body, TIMEOUT + body.length / SLOWEST, this.#signal);
      if (this.#signal.aborted) return false;
      if (reply.status === 204 || reply.status === 200) {
        this.#persistence.succeeded();
        return true;
      }
      if (isPassing(reply) && (await this.#persistence.failed())) continue;
      if (!this.#signal.aborted) this.#onDead(explain(reply.status));
      return false;
    }
  }
}

function explain(status: number): string {
  if (status === 413) return "a message was larger than the server takes";
  if (status === 404) return "the server knows this session no more";
  return status === 0 ? "the connection was lost" : `the server answered with ${status}`;
}
