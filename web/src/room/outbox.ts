// SPDX-License-Identifier: MIT
// What was said and has not been seen in the room yet, oldest first.

import { type Payload, same } from "../net/payload";
import type { Outgoing } from "./client";

export class Outbox {
  #items: readonly Outgoing[];
  #lastId: number;

  constructor(leftOver: readonly Outgoing[]) {
    this.#items = leftOver;
    this.#lastId = Math.max(0, ...leftOver.map(({ id }) => id));
  }

  get items(): readonly Outgoing[] {
    return this.#items;
  }

  add(payload: Payload): void {
    const id = ++this.#lastId;
    this.#items = [...this.#items, { id, payload, standing: "waiting", why: "" }];
  }

  /** Gives `send` each that waits, in order, until it takes no more. */
  flush(send: (payload: Payload) => boolean): void {
    let taken = true;
    this.#items = this.#items.map((item) => {
      if (item.standing !== "waiting" || !taken) return item;
      taken = send(item.payload);
      return taken ? { ...item, standing: "sent" } : item;
    });
  }

  /** The one on its way for longest. */
  oldestSent(): Outgoing | undefined {
    return this.#items.find(({ standing }) => standing === "sent");
  }

  /** Takes a message out that was seen in the room; says whether it was one of these. */
  seen(payload: Payload): boolean {
    // The room keeps a sender's order, so only the oldest can come next.
    const oldest = this.oldestSent();
    if (!oldest || !same(oldest.payload, payload)) return false;
    this.discard(oldest.id);
    return true;
  }

  /** The connection died: nobody knows what became of those on their way. */
  lost(why: string): void {
    this.#items = this.#items.map((item) =>
      item.standing === "sent" ? { ...item, standing: "unknown", why } : item,
    );
  }

  sendAgain(id: number): void {
    this.#items = this.#items.map((item) =>
      item.id === id && item.standing === "unknown" ? { ...item, standing: "waiting", why: "" } : item,
    );
  }

  discard(id: number): void {
    this.#items = this.#items.filter((item) => item.id !== id);
  }
}
