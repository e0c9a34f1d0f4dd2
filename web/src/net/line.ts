// SPDX-License-Identifier: MIT
// An open WAMP session over one transport, as the ladder hands it on, and how one ends.

import type { Transport } from "./status";
import type { Cancel } from "./world";

export type Keywords = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly args: readonly unknown[];
  readonly kwargs: Keywords;
}

export interface Happening extends Answer {
  readonly publication: number;
}

export interface Subscription {
  readonly id: number;
  unsubscribe(): void;
}

export interface Registration {
  /** Never rejects: it is gone with the line at the latest. */
  unregister(): Promise<void>;
}

/** Answers a call; a `Refusal` that it throws goes to the caller as it is. */
export type Procedure = (args: readonly unknown[], kwargs: Keywords) => Promise<Answer>;

/**
 * Every promise is kept or broken: with `Refusal` by the router, with `TooLarge` where the message
 * is more than the server takes, with `Gone` by the line's end.
 */
export interface Line {
  readonly transport: Transport;
  /** Bytes that a frame may have, as the server says; null where it does not. */
  readonly maxMessageSize: number | null;
  subscribe(topic: string, onEvent: (event: Happening) => void): Promise<Subscription>;
  register(procedure: string, answer: Procedure): Promise<Registration>;
  /** Resolves to the publication's id; the publisher's own subscriptions hear it too. */
  publish(topic: string, args: readonly unknown[], kwargs: Keywords): Promise<number>;
  call(procedure: string, args: readonly unknown[], kwargs: Keywords): Promise<Answer>;
  /** Bytes that were asked or said and have no answer yet. */
  unanswered(): number;
}

/** The router said no, or whoever it asked. */
export class Refusal extends Error {
  readonly uri: string;
  readonly args: readonly unknown[];
  readonly kwargs: Keywords;

  constructor(uri: string, text: string, args: readonly unknown[] = [], kwargs: Keywords = {}) {
    super(text);
    this.uri = uri;
    this.args = args;
    this.kwargs = kwargs;
  }
}

/** The line ended before there was an answer. */
export class Gone extends Error {}

/** It is more than the server takes in one frame. */
export class TooLarge extends Error {
  /** Bytes of the frame. */
  readonly size: number;

  /** `limit` is null where the server does not say what it takes. */
  constructor(size: number, limit: number | null) {
    const most = limit === null ? "more than" : `and ${limit} are what`;
    super(`the message is a frame of ${size} bytes, ${most} the server takes`);
    this.size = size;
  }
}

/**
 * Why a rung is no good. `missing` to `late` stand before WELCOME; then `lost` was cut, `silent`
 * did not answer, `stopping` was the server's own word, `too_large` one message's fault; `denied`
 * will not be otherwise next time; `unauthorized` will, but only with another token.
 */
export type FaultKind =
  | "missing"
  | "crowded"
  | "refused"
  | "foreign"
  | "held"
  | "late"
  | "lost"
  | "silent"
  | "stopping"
  | "too_large"
  | "denied"
  | "unauthorized";

export interface Fault {
  readonly transport: Transport;
  readonly kind: FaultKind;
  /** For people to read. */
  readonly text: string;
}

/** Whether no other rung, and no second try as things are, can come to anything else. */
export function isFinal({ kind }: Fault): boolean {
  return kind === "denied" || kind === "unauthorized";
}

export interface LineListener {
  /** WELCOME has come. */
  onOpen(line: Line): void;
  /** Something came, if only a sign of life. */
  onHeard(): void;
  /** It is over; called once, perhaps before `OpenLine` returns, and not after its `Cancel`. */
  onClosed(fault: Fault): void;
}

/** Begins to open a line; what it returns gives it up, open or not. */
export type OpenLine = (transport: Transport, listener: LineListener) => Cancel;
