// SPDX-License-Identifier: MIT
// What is said in a room, one after the other, each again under its key until the room has it.

import { WsechoError } from "../api";
import { Gone } from "../net/line";
import type { Payload } from "../net/payload";
import type { Cancel, World } from "../net/world";
import { explained, isPassing, mayHaveArrived } from "./errors";

/** The room remembers a key for 5 minutes; near the end of that a retry might be a second message. */
const KEY_LIFE = 270_000;
/** Before what was refused for a reason that passes is said again, at least and at most. */
const [PAUSE, LONGEST_PAUSE] = [1_000, 8_000];
const MOST = 1_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** Says one item; rejects as a line does. */
export type Say = (data: Payload, key: string) => Promise<string>;

interface Item {
  readonly key: string;
  readonly size: number;
  /** Null while it is being read. */
  data: Payload | null;
  /** Whether it was said, and nobody knows what became of it. */
  isOpen: boolean;
  tries: number;
  error: WsechoError | null;
  stopWaiting: Cancel;
  settle(outcome: string | WsechoError): void;
}

export class Outbox {
  readonly #world: World;
  readonly #say: Say;
  readonly #items: Item[] = [];
  #size = 0;
  #isReady = false;
  #saying: Item | null = null;
  #stopPause: Cancel | null = null;

  constructor(world: World, say: Say) {
    this.#world = world;
    this.#say = say;
  }

  get pending(): number {
    return this.#items.length;
  }

  /** Resolves to the position of the message; `data` may still be read, and be `size` bytes then. */
  add(data: Payload | Promise<Payload>, size: number, key: string, signal?: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const isFull = this.#items.length >= MOST || (this.#size > 0 && this.#size + size > MOST_BYTES);
      if (signal?.aborted) return reject(aborted());
      if (isFull) return reject(new WsechoError("over_limit", "too much waits to be said in this room"));
      const abort = (): void => item.settle(aborted());
      const item: Item = {
        ...{ key, size, data: null, isOpen: false, tries: 0, error: null },
        stopWaiting: () => undefined,
        settle: (outcome) => {
          if (!this.#remove(item)) return;
          signal?.removeEventListener("abort", abort);
          if (typeof outcome === "string") resolve(outcome);
          else reject(outcome);
          this.#pump();
        },
      };
      signal?.addEventListener("abort", abort);
      this.#items.push(item);
      this.#size += size;
      this.#read(item, data);
    });
  }

  /** There is a line to say it on, or there is none any more. */
  set isReady(isReady: boolean) {
    if (isReady && !this.#isReady) {
      this.#stopPause?.();
      this.#stopPause = null;
    }
    this.#isReady = isReady;
    this.#pump();
  }

  /** Gives up all that waits; of what was said already, nobody knows whether it arrived. */
  fail(error: WsechoError): void {
    for (const item of [...this.#items]) {
      const isOpen = item.isOpen || this.#saying === item;
      item.settle(isOpen ? new WsechoError("unknown", `${error.message}; it may have arrived`) : error);
    }
  }

  #read(item: Item, data: Payload | Promise<Payload>): void {
    if (!(data instanceof Promise)) {
      item.data = data;
      this.#pump();
      return;
    }
    data.then(
      (read) => {
        item.data = read;
        this.#pump();
      },
      (error: unknown) => item.settle(new WsechoError("bad_request", `the Blob cannot be read: ${String(error)}`)),
    );
  }

  /** Says the oldest, and no other before there is an answer: else a refusal would change the order. */
  #pump(): void {
    const [item] = this.#items;
    if (!item || item.data === null || !this.#isReady || this.#saying || this.#stopPause) return;
    this.#saying = item;
    if (item.tries === 0) item.stopWaiting = this.#world.after(KEY_LIFE, () => this.#tooLate(item));
    item.tries += 1;
    this.#say(item.data, item.key).then(
      (position) => {
        this.#saying = null;
        item.settle(position);
        this.#pump();
      },
      (error: unknown) => {
        this.#saying = null;
        this.#failed(item, error);
        this.#pump();
      },
    );
  }

  #failed(item: Item, error: unknown): void {
    const reason = explained(error, "speak");
    item.error = reason;
    item.isOpen ||= mayHaveArrived(reason);
    // What went over a line that broke goes again over the next.
    if (error instanceof Gone) return;
    if (!isPassing(reason)) return item.settle(reason);
    const pause = Math.min(LONGEST_PAUSE, PAUSE * 2 ** Math.min(item.tries - 1, 8));
    this.#stopPause = this.#world.after(pause, () => {
      this.#stopPause = null;
      this.#pump();
    });
  }

  #tooLate(item: Item): void {
    const refused = item.isOpen || this.#saying === item ? null : item.error;
    item.settle(refused ?? new WsechoError("unknown", "it was tried for 4.5 minutes, and may have arrived"));
  }

  /** Says whether it was still there. */
  #remove(item: Item): boolean {
    const index = this.#items.indexOf(item);
    if (index < 0) return false;
    this.#items.splice(index, 1);
    this.#size -= item.size;
    item.stopWaiting();
    return true;
  }
}

function aborted(): WsechoError {
  return new WsechoError("closed", "its `signal` gave it up");
}
