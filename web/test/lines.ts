// SPDX-License-Identifier: MIT
// Lines under the test's hand: which transports work, and what a room says over them.

import {
  type Answer,
  Gone,
  type Happening,
  type Keywords,
  type Line,
  type LineListener,
  type OpenLine,
  type Procedure,
  Refusal,
  type Registration,
  type Subscription,
} from "../src/net/line";
import type { FaultKind } from "../src/net/line";
import type { Transport } from "../src/net/status";

/** Lets everything that waits for a promise go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

interface Asked {
  readonly what: string;
  readonly args: readonly unknown[];
  readonly kwargs: Keywords;
  answer(args?: readonly unknown[], kwargs?: Keywords): void;
  refuse(error: Error): void;
}

/** A line that answers echoes, and who is here, by itself while it is not mute; the rest as the test says. */
export class FakeLine implements Line {
  readonly transport: Transport;
  readonly asked: Asked[] = [];
  readonly topics: string[] = [];
  readonly procedures = new Map<string, Procedure>();
  maxMessageSize: number | null = null;
  /** What is said to whoever subscribes or registers; null for yes. */
  toBinding: Error | null = null;
  isMute = false;
  /** Who is in the room; a refusal where that is not told, null where the test answers. */
  members: readonly unknown[] | Refusal | null = [];
  /** What a room says to who speaks without saying anything. */
  toSilence = new Refusal("wamp.error.invalid_argument", "exactly one argument");
  readonly #handlers = new Map<string, (event: Happening) => void>();
  #waiting = 0;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  async register(procedure: string, answer: Procedure): Promise<Registration> {
    if (this.toBinding) throw this.toBinding;
    this.procedures.set(procedure, answer);
    return { unregister: async () => void this.procedures.delete(procedure) };
  }

  async subscribe(topic: string, onEvent: (event: Happening) => void): Promise<Subscription> {
    if (this.toBinding) throw this.toBinding;
    this.topics.push(topic);
    this.#handlers.set(topic, onEvent);
    return { id: 7, unsubscribe: () => this.topics.splice(this.topics.indexOf(topic), 1) };
  }

  async publish(topic: string, args: readonly unknown[], kwargs: Keywords): Promise<number> {
    if (args.length === 0) throw this.toSilence;
    const answer = await this.#ask(topic, args, kwargs);
    return Number(answer.args[0]);
  }

  call(procedure: string, args: readonly unknown[], kwargs: Keywords): Promise<Answer> {
    if (procedure === "wsecho.echo" && !this.isMute) return Promise.resolve({ args, kwargs });
    if (procedure === "wsecho.members" && this.members) return this.#tellMembers(this.members);
    return this.#ask(procedure, args, kwargs);
  }

  /** Something is said in the room, or told about it. */
  hear(event: Happening, topic = "wsecho.room."): void {
    for (const [subscribed, handler] of this.#handlers) {
      if (subscribed.startsWith(topic)) handler(event);
    }
  }

  unanswered(): number {
    return this.#waiting;
  }

  /** The oldest question that was not answered. */
  get question(): Asked {
    const question = this.asked[0];
    if (!question) throw new Error("nothing was asked");
    return question;
  }

  ends(): void {
    for (const question of [...this.asked]) question.refuse(new Gone("gone"));
  }

  #tellMembers(members: readonly unknown[] | Refusal): Promise<Answer> {
    if (members instanceof Refusal) return Promise.reject(members);
    return Promise.resolve({ args: [members], kwargs: {} });
  }

  #ask(what: string, args: readonly unknown[], kwargs: Keywords): Promise<Answer> {
    this.#waiting += 100;
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#waiting -= 100;
        this.asked.splice(this.asked.indexOf(question), 1);
      };
      const question: Asked = {
        what,
        args,
        kwargs,
        answer: (results = [], keywords = {}) => {
          done();
          resolve({ args: results, kwargs: keywords });
        },
        refuse: (error) => {
          done();
          reject(error);
        },
      };
      this.asked.push(question);
    });
  }
}

type Way = "works" | "silent" | FaultKind;

class Opening {
  readonly line: FakeLine;
  isClosed = false;
  readonly #listener: LineListener;

  constructor(transport: Transport, listener: LineListener) {
    this.line = new FakeLine(transport);
    this.#listener = listener;
  }

  welcomes(): void {
    if (!this.isClosed) this.#listener.onOpen(this.line);
  }

  hears(): void {
    if (!this.isClosed) this.#listener.onHeard();
  }

  fails(kind: FaultKind, text = `${kind} it was`): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.line.ends();
    this.#listener.onClosed({ transport: this.line.transport, kind, text });
  }
}

/** What is between the page and its server. */
export class FakeNetwork {
  readonly ways: Record<Transport, Way> = { websocket: "works", sse: "works", longpoll: "works" };
  readonly opened: Opening[] = [];

  open: OpenLine = (transport, listener) => {
    const opening = new Opening(transport, listener);
    this.opened.push(opening);
    const way = this.ways[transport];
    if (way === "works") queueMicrotask(() => opening.welcomes());
    // A missing WebSocket is noticed at once, all else takes its time.
    else if (way === "missing") opening.fails("missing");
    else if (way !== "silent") queueMicrotask(() => opening.fails(way));
    return () => {
      opening.isClosed = true;
      opening.line.ends();
    };
  };

  /** The transports tried so far. */
  get tried(): string {
    return this.opened.map(({ line }) => line.transport).join(" ");
  }

  get latest(): Opening {
    const latest = this.opened.at(-1);
    if (!latest) throw new Error("nothing was opened");
    return latest;
  }

  /** The transports that are open or being opened. */
  get alive(): string {
    const alive = this.opened.filter(({ isClosed }) => !isClosed);
    return alive.map(({ line }) => line.transport).join(" ");
  }
}
