// SPDX-License-Identifier: MIT
// AutobahnJS's session as a line: with a promise for everything, kept or broken.

import autobahn, { type Session } from "autobahn";
import { type Answer, Gone, type Happening, type Keywords, type Line, Refusal, type Subscription } from "../net/line";
import { byteLength } from "../net/payload";
import type { Transport } from "../net/status";

/** What a message takes beside its payload. */
const FRAME = 100;

export class AutobahnLine implements Line {
  readonly transport: Transport;
  readonly #session: Session;
  readonly #breakers = new Set<(error: Gone) => void>();
  #unanswered = 0;
  #hasEnded = false;

  constructor(transport: Transport, session: Session) {
    this.transport = transport;
    this.#session = session;
  }

  async subscribe(topic: string, onEvent: (event: Happening) => void): Promise<Subscription> {
    const subscription = await this.#ask(0, () =>
      this.#session.subscribe(topic, (args, kwargs, { publication }) => onEvent({ args, kwargs, publication })),
    );
    return {
      id: subscription.id,
      unsubscribe: () => {
        if (!this.#hasEnded) this.#ask(0, () => subscription.unsubscribe()).catch(() => undefined);
      },
    };
  }

  async publish(topic: string, args: readonly unknown[], kwargs: Keywords): Promise<number> {
    const options = { acknowledge: true, exclude_me: false };
    const publication = await this.#ask(sizeOf(args), () =>
      this.#session.publish(topic, args, kwargs, options),
    );
    return publication.id;
  }

  async call(procedure: string, args: readonly unknown[], kwargs: Keywords): Promise<Answer> {
    const result = await this.#ask(sizeOf(args), () => this.#session.call(procedure, args, kwargs));
    return result instanceof autobahn.Result ? result : { args: [result], kwargs: {} };
  }

  unanswered(): number {
    return this.#unanswered;
  }

  /** Breaks every promise that was not kept yet. */
  end(): void {
    this.#hasEnded = true;
    for (const breaks of this.#breakers) breaks(new Gone("the connection is gone"));
  }

  /** AutobahnJS forgets what was asked when a connection closes, and throws where it is closed. */
  #ask<T>(bytes: number, ask: () => Promise<T>): Promise<T> {
    if (this.#hasEnded) return Promise.reject(new Gone("the connection is gone"));
    const size = bytes + FRAME;
    this.#unanswered += size;
    let breaker: (error: Gone) => void = () => undefined;
    const broken = new Promise<never>((_resolve, reject) => {
      breaker = reject;
      this.#breakers.add(reject);
    });
    return Promise.race([new Promise<T>((resolve) => resolve(ask())), broken])
      .catch((error: unknown) => {
        throw refusal(error);
      })
      .finally(() => {
        this.#breakers.delete(breaker);
        this.#unanswered -= size;
      });
  }
}

function refusal(error: unknown): unknown {
  if (!(error instanceof autobahn.Error)) return error instanceof Gone ? error : new Gone(String(error));
  const [text] = error.args;
  return new Refusal(error.error, typeof text === "string" ? text : error.error);
}

function sizeOf(args: readonly unknown[]): number {
  return args.reduce<number>((sum, value) => {
    const isPayload = typeof value === "string" || value instanceof Uint8Array;
    return sum + (isPayload ? byteLength(value as string) : 0);
  }, 0);
}
