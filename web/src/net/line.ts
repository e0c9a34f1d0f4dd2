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

/** Every promise is kept or broken: with `Refusal` by the router, with `Gone` by the line's end. */
export interface Line {
  readonly transport: Transport;
  subscribe(topic: string, onEvent: (event: Happening) => void): Promise<Subscription>;
  /** Resolves to the publication's id; the publisher's own subscriptions hear it too. */
  publish(topic: string, args: readonly unknown[], kwargs: Keywords): Promise<number>;
  call(procedure: string, args: readonly unknown[], kwargs: Keywords): Promise<Answer>;
  /** Bytes that were asked or said and have no answer yet. */
  unanswered(): number;
}

/** The router said no. */
export class Refusal extends Error {
  readonly uri: string;

  constructor(uri: string, text: string) {
    super(text);
    this.uri = uri;
  }
}

/** The line ended before there was an answer. */
export class Gone extends Error {}

/**
 * Why a rung is no good. `missing` to `late` stand before WELCOME; then `lost` was cut, `silent`
 * did not answer, `stopping` was the server's own word; `denied` will not be otherwise next time;
 * `unauthorized` will, but only with another token.
 */
export type FaultKind =
  | "missing"
  | "refused"
  | "held"
  | "late"
  | "lost"
  | "silent"
  | "stopping"
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
