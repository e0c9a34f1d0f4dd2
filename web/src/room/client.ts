// SPDX-License-Identifier: MIT
// What the room panel asks of whatever carries a room: the seam between panel and transport.

import type { Payload } from "../net/payload";
import type { Status } from "../net/status";

export interface RoomMessage {
  /** Its place in the room's order, as it goes into `data-position`. */
  readonly position: string;
  readonly payload: Payload;
  /** Whether this page sent it. */
  readonly own: boolean;
}

/**
 * Something said that has not been seen in the room yet.
 *
 * `waiting` goes out by itself; `sent` is on its way; `unknown` was on its way when the connection
 * died, and only the writer can decide whether saying it twice is better than not at all.
 */
export interface Outgoing {
  readonly id: number;
  readonly payload: Payload;
  readonly standing: "waiting" | "sent" | "unknown";
  readonly why: string;
}

export interface RoomListener {
  onStatus(status: Status): void;
  /** In the order of positions, each once. */
  onMessage(message: RoomMessage): void;
  /** The whole list, oldest first, whenever it has changed. */
  onOutgoing(outgoing: readonly Outgoing[]): void;
  /** Between the last message and the next some may be missing. */
  onGap(why: string): void;
}

export interface RoomClient {
  /** Keeps the payload until it was seen in the room, connection or not. */
  send(payload: Payload): void;
  /** Sends one of `unknown` standing again. */
  sendAgain(id: number): void;
  discard(id: number): void;
  retry(): void;
  /** Leaves the room; returns what was not seen in it. */
  leave(): readonly Outgoing[];
}

/** Joins a room, taking up what an earlier client of the same room had left over. */
export type JoinRoom = (
  room: string,
  listener: RoomListener,
  leftOver: readonly Outgoing[],
) => RoomClient;
