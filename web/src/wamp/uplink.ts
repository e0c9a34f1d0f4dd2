// SPDX-License-Identifier: MIT
// What goes up: one POST at a time, numbered, batched, and tried again under its number.

import type { FaultKind } from "../net/line";
import { byteLength } from "../net/payload";
import type { World } from "../net/world";
import { joinBatch } from "./batch";
import { Persistence } from "./persistence";
import { isPassing, post, type Reply } from "./post";

/** Bytes after which a batch takes no further message: the server bounds a body. */
const MOST = 1 << 16;
const TIMEOUT = 8_000;
/** A slow uplink's characters per millisecond. */
const SLOWEST = 16;
const TOO_LARGE = 413;

export class Uplink {
  /** Bytes that a body may have; null where that is not known. */
  limit: number | null = null;
  readonly #world: World;
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #onDead: (why: string, kind: FaultKind) => void;
  readonly #persistence: Persistence;
  #waiting: string[] = [];
  #number = 0;
  #isSending = false;

  constructor(
    world: World,
    url: string,
    signal: AbortSignal,
    onDead: (why: string, kind: FaultKind) => void,
  ) {
    this.#world = world;
    this.#url = url;
    this.#signal = signal;
    this.#onDead = onDead;
    this.#persistence = new Persistence(world, signal);
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
      this.#number += 1;
      if (!(await this.#deliver(this.#take()))) break;
    }
    this.#isSending = false;
  }

  /** One message at least, and as many more as the server takes in one body. */
  #take(): string[] {
    const most = Math.min(MOST, this.limit ?? MOST);
    let size = 0;
    let count = 0;
    for (const written of this.#waiting) {
      size += byteLength(joinBatch([written]));
      if (count > 0 && size > most) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #deliver(batch: readonly string[]): Promise<boolean> {
    const reply = await this.#post(joinBatch(batch));
    if (this.#signal.aborted) return false;
    if (reply.status === 204 || reply.status === 200) return true;
    // Nothing of it was taken, and each for itself may fit: it is asked again under its number.
    if (reply.status === TOO_LARGE && batch.length > 1) return this.#split(batch);
    this.#onDead(explain(reply.status), reply.status === TOO_LARGE ? "too_large" : "lost");
    return false;
  }

  async #split(batch: readonly string[]): Promise<boolean> {
    const [first, ...others] = batch;
    this.#waiting.unshift(...others);
    return first === undefined || this.#deliver([first]);
  }

  /** Asks until there is an answer that will not be another. */
  async #post(body: string): Promise<Reply> {
    const url = `${this.#url}?seq=${this.#number}`;
    for (;;) {
      const reply = await post(this.#world, url, body, TIMEOUT + body.length / SLOWEST, this.#signal);
      if (!isPassing(reply)) this.#persistence.succeeded();
      else if (await this.#persistence.failed()) continue;
      return reply;
    }
  }
}

function explain(status: number): string {
  if (status === TOO_LARGE) return "a message was larger than the server takes";
  if (status === 404) return "the server knows this session no more";
  return status === 0 ? "the connection was lost" : `the server answered with ${status}`;
}
