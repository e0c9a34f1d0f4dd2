// SPDX-License-Identifier: MIT
// What was said and the room has not taken yet, oldest first.

import type { Payload } from "../net/payload";
import type { World } from "../net/world";
import type { Outgoing } from "./client";

/** The room remembers a key for 5 minutes; near the end of that a retry might be a second message. */
const KEY_LIFE = 270_000;
/** What is on its way whenever a connection dies may be what kills it. */
const MOST_TRIES = 4;

export class Outbox {
  readonly #world: World;
  #items: readonly Outgoing[];
  #lastId: number;

  constructor(world: World, leftOver: readonly Outgoing[]) {
    this.#world = world;
    this.#items = leftOver;
    this.#lastId = Math.max(0, ...leftOver.map(({ id }) => id));
  }

  get items(): readonly Outgoing[] {
    return this.#items;
  }

  add(payload: Payload): void {
    this.#items = [...this.#items, this.#fresh(++this.#lastId, payload)];
  }

  /** Gives `send` each that waits, in order. */
  flush(send: (item: Outgoing) => void): void {
    const due: Outgoing[] = [];
    this.#items = this.#items.map((item) => {
      if (item.standing !== "waiting") return item;
      if (this.#isStale(item)) return { ...item, standing: "unknown", why: "it was long ago" };
      const sentAt = item.tries === 0 ? this.#world.now() : item.sentAt;
      const sent: Outgoing = { ...item, standing: "sent", sentAt, tries: item.tries + 1 };
      due.push(sent);
      return sent;
    });
    due.forEach(send);
  }

  refused(id: number, why: string): void {
    this.#change(id, (item) => ({ ...item, standing: "refused", why }));
  }

  /** Its connection died before the room said that it has it: it is sent again, under its key. */
  lost(id: number, why: string): void {
    this.#change(id, (item) => {
      if (item.standing !== "sent") return item;
      if (item.tries < MOST_TRIES) return { ...item, standing: "waiting" };
      return { ...item, standing: "unknown", why };
    });
  }

  /** As something new, since the room may have forgotten the key, or refuse it for what it was. */
  sendAgain(id: number): void {
    this.#change(id, (item) =>
      item.standing === "unknown" || item.standing === "refused" ? this.#fresh(id, item.payload) : item,
    );
  }

  /** The room has it, or it is not to go there any more. */
  discard(id: number): void {
    this.#items = this.#items.filter((item) => item.id !== id);
  }

  #fresh(id: number, payload: Payload): Outgoing {
    const key = this.#world.key();
    return { id, key, payload, standing: "waiting", why: "", tries: 0, sentAt: 0 };
  }

  #isStale({ tries, sentAt }: Outgoing): boolean {
    return tries > 0 && this.#world.now() - sentAt > KEY_LIFE;
  }

  #change(id: number, change: (item: Outgoing) => Outgoing): void {
    this.#items = this.#items.map((item) => (item.id === id ? change(item) : item));
  }
}
