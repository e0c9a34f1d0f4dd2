// SPDX-License-Identifier: MIT
// What the room panel asks of whatever carries a room: the seam between panel and transport.

import type { Payload } from "../net/payload";
import type { Status } from "../net/status";

export interface RoomMessage {
  /** Its place in the room's order, as it goes into `data-position`. */
  readonly position: string;
  /** The same for everybody who hears it, by which the room knows what is earlier. */
  readonly publication: number;
  readonly payload: Payload;
  /** Whether this page sent it; `onOwn` may say so later. */
  readonly own: boolean;
  /** When it was said, where that was not just now. */
  readonly at: Date | null;
}

/** Somebody in the room, as everybody sees them. */
export interface Member {
  readonly id: string;
  /** From a token; empty without one. */
  readonly name: string;
  readonly door: string;
  readonly since: Date;
}

/**
 * Something said that the room has not taken yet.
 *
 * `waiting` goes out by itself; `sent` is on its way; `unknown` may have arrived or not, and only
 * the writer can decide whether saying it twice is better than not at all; `refused` was not taken.
 */
export interface Outgoing {
  readonly id: number;
  /** Under which the room takes it once, however often it is sent. */
  readonly key: string;
  readonly payload: Payload;
  readonly standing: "waiting" | "sent" | "unknown" | "refused";
  readonly why: string;
  readonly tries: number;
  /** When it was first sent, on the world's clock. */
  readonly sentAt: number;
}

/** A part of what the room has kept. */
export interface Earlier {
  /** In the order of positions. */
  readonly messages: readonly RoomMessage[];
  /** Whether the room has none before these. */
  readonly isAll: boolean;
}

export interface RoomListener {
  onStatus(status: Status): void;
  /** In the order of positions, each once. */
  onMessage(message: RoomMessage): void;
  /** A message that came before turned out to be this page's own. */
  onOwn(position: string): void;
  /** The whole list, oldest first, whenever it has changed. */
  onOutgoing(outgoing: readonly Outgoing[]): void;
  /** Between the last message and the next some may be missing. */
  onGap(why: string): void;
  /** After a break all is there again; so many messages were fetched for it. */
  onResumed(fetched: number): void;
  /** Who is here, in the order of coming, whenever it has changed; null where that is not told. */
  onMembers(members: readonly Member[] | null): void;
  /** The room has kept more than it told, and `earlier` fetches it. */
  onEarlier(): void;
  /** Whether this page may speak here, as far as the room has said. */
  onMaySpeak(maySpeak: boolean): void;
}

export interface RoomClient {
  /** Keeps the payload until the room has it, connection or not. */
  send(payload: Payload): void;
  /** Sends one that is stuck again. */
  sendAgain(id: number): void;
  discard(id: number): void;
  /** Fetches what was said before that publication; rejects where it cannot be had now. */
  earlier(publication: number): Promise<Earlier>;
  retry(): void;
  /** Leaves the room; returns what it has not taken. */
  leave(): readonly Outgoing[];
}

/** Joins a room, taking up what an earlier client of the same room had left over. */
export type JoinRoom = (
  room: string,
  listener: RoomListener,
  leftOver: readonly Outgoing[],
) => RoomClient;
