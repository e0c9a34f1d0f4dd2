// SPDX-License-Identifier: MIT
// Sends to the echo, takes each answer for the oldest question, and compares and times the two.

import { Link } from "./link";
import { patience } from "./patience";
import { byteLength, type Payload, same } from "../net/payload";
import type { Status } from "../net/status";
import type { Cancel, World } from "../net/world";

/** An echo changes nothing, so asking again is free; but what kills each connection must end. */
const MOST_TRIES = 3;

/** Where a question stands: the answer may be equal to it or not, and may never come. */
export type Outcome = "waiting" | "asked" | "equal" | "different" | "unanswered";

export interface Exchange {
  readonly id: number;
  /** What the page calls it, such as a file's name; empty where the payload speaks for itself. */
  readonly label: string;
  readonly payload: Payload;
  /** Sent by the page itself to measure, not by the reader to see. */
  readonly beat: boolean;
  readonly outcome: Outcome;
  readonly tries: number;
  readonly askedAt: number;
  readonly answer: Payload | null;
  /** Milliseconds from handing it to the browser to having the whole answer. */
  readonly roundTrip: number | null;
  readonly why: string;
}

export interface EchoListener {
  onStatus(status: Status): void;
  onExchange(exchange: Exchange): void;
}

export class EchoClient {
  readonly #world: World;
  readonly #link: Link;
  readonly #listener: EchoListener;
  /** Oldest first: those asked, then those waiting to be. */
  #pending: Exchange[] = [];
  #lastId = 0;
  #stopWatch: Cancel = () => undefined;

  constructor(world: World, url: string, listener: EchoListener) {
    this.#world = world;
    this.#listener = listener;
    this.#link = new Link(world, url, {
      onStatus: (status) => listener.onStatus(status),
      onOpen: () => this.#askWaiting(),
      onFrame: (payload) => this.#answered(payload),
      onLost: (why) => this.#lost(why),
    });
  }

  start(): void {
    this.#link.start();
  }

  retry(): void {
    this.#link.retry();
  }

  /** Asks, at once or when there is a connection. */
  send(payload: Payload, label = ""): void {
    this.#add(payload, label, false);
  }

  /** Asks only to measure: not while there is no connection, nor before the last beat is answered. */
  beat(): void {
    if (this.#link.status().state !== "open" || this.#pending.some(({ beat }) => beat)) return;
    this.#add("·", "", true);
  }

  #add(payload: Payload, label: string, beat: boolean): void {
    const exchange: Exchange = {
      id: ++this.#lastId,
      label,
      payload,
      beat,
      outcome: "waiting",
      tries: 0,
      askedAt: 0,
      answer: null,
      roundTrip: null,
      why: "",
    };
    this.#pending.push(exchange);
    this.#listener.onExchange(exchange);
    this.#askWaiting();
  }

  #askWaiting(): void {
    for (const [index, exchange] of this.#pending.entries()) {
      if (exchange.outcome !== "waiting") continue;
      // What was asked when a connection died may have killed it: the next time it goes alone.
      if (index > 0 && (exchange.tries > 0 || (this.#pending[0]?.tries ?? 0) > 1)) break;
      const askedAt = this.#world.now();
      if (!this.#link.send(exchange.payload)) break;
      const asked: Exchange = { ...exchange, outcome: "asked", askedAt, tries: exchange.tries + 1 };
      this.#pending[index] = asked;
      this.#listener.onExchange(asked);
    }
    this.#watchOldest();
  }

  #answered(answer: Payload): void {
    const now = this.#world.now();
    const oldest = this.#pending[0];
    if (oldest?.outcome !== "asked") return;
    this.#pending.shift();
    this.#listener.onExchange({
      ...oldest,
      outcome: same(oldest.payload, answer) ? "equal" : "different",
      answer,
      roundTrip: now - oldest.askedAt,
    });
    this.#askWaiting();
  }

  #lost(why: string): void {
    this.#stopWatch();
    const before = this.#pending;
    this.#pending = [];
    for (const exchange of before) {
      const tries = exchange.beat ? MOST_TRIES : exchange.tries;
      const spent = exchange.outcome === "asked" && tries >= MOST_TRIES;
      const after: Exchange = { ...exchange, outcome: spent ? "unanswered" : "waiting", why };
      if (!spent) this.#pending.push(after);
      this.#listener.onExchange(after);
    }
  }

  /** A connection that is open and silent would stay so for ever. */
  #watchOldest(): void {
    this.#stopWatch();
    const oldest = this.#pending[0];
    if (oldest?.outcome !== "asked") return;
    this.#stopWatch = this.#world.after(patience(byteLength(oldest.payload)), () =>
      this.#link.distrust("the echo did not answer"),
    );
  }
}
