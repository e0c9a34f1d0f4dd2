// SPDX-License-Identifier: MIT
// AutobahnJS's session as a line: with a promise for everything, kept or broken.

import autobahn, { type Session } from "autobahn";
import {
  type Answer,
  Gone,
  type Happening,
  type Keywords,
  type Line,
  type Procedure,
  Refusal,
  type Registration,
  type Subscription,
  TooLarge,
} from "../net/line";
import { byteLength } from "../net/payload";
import type { Transport } from "../net/status";

/** What a message takes beside its payload. */
const FRAME = 100;

/** What was asked and has no answer yet. */
interface Open {
  readonly size: number;
  readonly breaks: (error: Error) => void;
}

export class AutobahnLine implements Line {
  readonly transport: Transport;
  readonly maxMessageSize: number | null;
  readonly #session: Session;
  readonly #open = new Set<Open>();
  #unanswered = 0;
  #hasEnded = false;

  constructor(transport: Transport, session: Session, maxMessageSize: number | null) {
    this.transport = transport;
    this.maxMessageSize = maxMessageSize;
    this.#session = session;
  }

  async subscribe(topic: string, onEvent: (event: Happening) => void): Promise<Subscription> {
    const subscription = await this.#ask(0, () =>
      this.#session.subscribe(topic, (args, kwargs, { publication }) =>
        onEvent({ args: args ?? [], kwargs: kwargs ?? {}, publication }),
      ),
    );
    return {
      id: subscription.id,
      unsubscribe: () => {
        if (!this.#hasEnded) this.#ask(0, () => subscription.unsubscribe()).catch(() => undefined);
      },
    };
  }

  async register(procedure: string, answer: Procedure): Promise<Registration> {
    const endpoint = async (args?: readonly unknown[], kwargs?: Keywords): Promise<unknown> => {
      try {
        const result = await answer(args ?? [], kwargs ?? {});
        return new autobahn.Result(result.args, result.kwargs);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        throw new autobahn.Error(error.uri, error.args, error.kwargs);
      }
    };
    const registration = await this.#ask(0, () => this.#session.register(procedure, endpoint));
    return {
      unregister: async () => {
        if (!this.#hasEnded) await this.#ask(0, () => registration.unregister()).catch(() => undefined);
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
    if (!(result instanceof autobahn.Result)) return { args: [result], kwargs: {} };
    return { args: result.args ?? [], kwargs: result.kwargs ?? {} };
  }

  unanswered(): number {
    return this.#unanswered;
  }

  /**
   * Breaks every promise that was not kept yet. Where a message was too large for the server it
   * was the largest of them, whichever else were, too.
   */
  end(wasTooLarge = false): void {
    this.#hasEnded = true;
    const open = [...this.#open].toSorted((one, other) => other.size - one.size);
    for (const [index, { size, breaks }] of open.entries()) {
      const isCulprit = wasTooLarge && index === 0;
      breaks(isCulprit ? new TooLarge(size, null) : new Gone("the connection is gone"));
    }
  }

  /** AutobahnJS forgets what was asked when a connection closes, and throws where it is closed. */
  #ask<T>(bytes: number, ask: () => Promise<T>): Promise<T> {
    if (this.#hasEnded) return Promise.reject(new Gone("the connection is gone"));
    const size = bytes + FRAME;
    this.#unanswered += size;
    let open: Open | null = null;
    const broken = new Promise<never>((_resolve, reject) => {
      open = { size, breaks: reject };
      this.#open.add(open);
    });
    return Promise.race([new Promise<T>((resolve) => resolve(ask())), broken])
      .catch((error: unknown) => {
        throw refusal(error);
      })
      .finally(() => {
        if (open) this.#open.delete(open);
        this.#unanswered -= size;
      });
  }
}

function refusal(error: unknown): unknown {
  if (error instanceof Gone || error instanceof TooLarge) return error;
  if (!(error instanceof autobahn.Error)) return new Gone(String(error));
  const [text] = error.args ?? [];
  const words = typeof text === "string" ? text : error.error;
  return new Refusal(error.error, words, error.args ?? [], error.kwargs ?? {});
}

function sizeOf(args: readonly unknown[]): number {
  return args.reduce<number>((sum, value) => {
    const isPayload = typeof value === "string" || value instanceof Uint8Array;
    return sum + (isPayload ? byteLength(value as string) : 0);
  }, 0);
}
