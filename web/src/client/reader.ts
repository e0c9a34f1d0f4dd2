// SPDX-License-Identifier: MIT
// A room's messages for `for await`: as many as wait for a slow reader, and no more.

import type { Gap, Message, WsechoError } from "../api";
import { byteLength } from "../net/payload";

const MOST = 1_000;
const MOST_BYTES = 16 * 1024 * 1024;

interface Waiting {
  resolve(result: IteratorResult<Message, undefined>): void;
  reject(error: WsechoError): void;
}

export class Reader implements AsyncIterableIterator<Message, undefined> {
  readonly #onGap: (gap: Gap) => void;
  readonly #onEnd: (reader: Reader) => void;
  readonly #messages: Message[] = [];
  readonly #waiting: Waiting[] = [];
  #size = 0;
  /** Behind which messages were dropped, until it is told. */
  #droppedBehind: string | null = null;
  #dropped: string | null = null;
  #last: string;
  #isOver = false;
  #error: WsechoError | null = null;

  /** `position` is the last one before its first message. */
  constructor(position: string, onGap: (gap: Gap) => void, onEnd: (reader: Reader) => void) {
    this.#last = position;
    this.#onGap = onGap;
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.#messages.shift();
    if (message) return Promise.resolve({ done: false, value: this.#handOn(message) });
    if (this.#error) {
      const error = this.#error;
      this.#error = null;
      return Promise.reject(error);
    }
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    this.#messages.length = 0;
    this.end(null);
    return Promise.resolve({ done: true, value: undefined });
  }

  add(message: Message): void {
    if (this.#isOver) return;
    const waiting = this.#waiting.shift();
    if (waiting) {
      this.#last = message.position;
      waiting.resolve({ done: false, value: message });
      return;
    }
    this.#messages.push(message);
    this.#size += byteLength(message.data);
    while (this.#messages.length > 1 && (this.#messages.length > MOST || this.#size > MOST_BYTES)) this.#drop();
  }

  /** What waits is read before that; `error` is thrown then. */
  end(error: WsechoError | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const [first, ...others] = this.#waiting.splice(0);
    if (first && error) first.reject(error);
    else first?.resolve({ done: true, value: undefined });
    if (!first) this.#error = error;
    for (const { resolve } of others) resolve({ done: true, value: undefined });
    this.#onEnd(this);
  }

  #drop(): void {
    const oldest = this.#messages.shift();
    if (!oldest) return;
    this.#size -= byteLength(oldest.data);
    this.#droppedBehind ??= this.#last;
    this.#dropped = oldest.position;
  }

  #handOn(message: Message): Message {
    this.#size -= byteLength(message.data);
    if (this.#droppedBehind !== null && this.#dropped !== null) {
      this.#onGap({ from: this.#droppedBehind, to: this.#dropped, reason: "slow_reader" });
      this.#droppedBehind = this.#dropped = null;
    }
    this.#last = message.position;
    return message;
  }
}
