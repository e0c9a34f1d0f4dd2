// SPDX-License-Identifier: MIT
// What was said in a room and is not in it yet, oldest first, with a way out for what is stuck.

import { type Message, type Room, WsechoError } from "wsecho";

/** The room remembers a key for 5 minutes; later a retry might be a second message. */
const KEY_LIFE = 270_000;

/**
 * `waiting` goes out by itself; `sent` is on its way; `unknown` may have arrived or not, and only
 * the writer can decide whether saying it twice is better than not at all; `refused` was not taken.
 */
export interface Outgoing {
  readonly id: number;
  readonly data: Message["data"];
  readonly standing: "waiting" | "sent" | "unknown" | "refused";
  readonly why: string;
}

interface Item {
  readonly id: number;
  readonly data: Message["data"];
  /** Under which the room takes it once, however often it is said. */
  key: string;
  /** When it was first said under that key; null where it cannot have arrived. */
  saidAt: number | null;
  standing: "given" | "kept" | "unknown" | "refused";
  why: string;
  giveUp: AbortController;
}

export class Unsent {
  readonly #draw: () => string;
  readonly #now: () => number;
  readonly #onChange: () => void;
  #items: Item[] = [];
  #room: Room;
  #isConnected = false;
  #lastId = 0;

  /** `draw` makes a word that nobody else has. */
  constructor(room: Room, draw: () => string, now: () => number, onChange: () => void) {
    this.#room = room;
    this.#draw = draw;
    this.#now = now;
    this.#onChange = onChange;
  }

  get items(): readonly Outgoing[] {
    const given = this.#isConnected ? "sent" : "waiting";
    return this.#items.map(({ id, data, standing, why }) => {
      const isStuck = standing === "unknown" || standing === "refused";
      return { id, data, standing: isStuck ? standing : standing === "kept" ? "waiting" : given, why };
    });
  }

  add(data: Message["data"]): void {
    const giveUp = new AbortController();
    const item: Item = { id: ++this.#lastId, data, key: "", saidAt: null, standing: "given", why: "", giveUp };
    this.#items.push(item);
    this.#say(item);
  }

  /** As something new, since the room may have forgotten the key, or refuse it for what it was. */
  sendAgain(id: number): void {
    const item = this.#items.find((one) => one.id === id);
    if (item?.standing !== "unknown" && item?.standing !== "refused") return;
    item.saidAt = null;
    this.#say(item);
  }

  /** It is not to go there any more. */
  discard(id: number): void {
    const item = this.#items.find((one) => one.id === id);
    if (item) this.#remove(item);
    item?.giveUp.abort();
  }

  /** Whether what is given to the room goes out now; what was kept for that is given again. */
  set isConnected(isConnected: boolean) {
    this.#isConnected = isConnected;
    if (isConnected) this.#sayKept();
    this.#onChange();
  }

  /** Leaves the room; what it has not taken is kept. */
  leave(): void {
    this.#room.leave();
  }

  /** The room was joined again: what is not in it yet goes there. */
  moveTo(room: Room): void {
    this.#room = room;
    this.#sayKept();
  }

  #sayKept(): void {
    for (const item of this.#items) {
      if (item.standing !== "kept") continue;
      const isStale = item.saidAt !== null && this.#now() - item.saidAt > KEY_LIFE;
      if (isStale) [item.standing, item.why] = ["unknown", "it was long ago"];
      else this.#say(item);
    }
  }

  #say(item: Item): void {
    if (item.saidAt === null) [item.key, item.saidAt] = [this.#draw(), this.#now()];
    item.giveUp = new AbortController();
    item.standing = "given";
    const room = this.#room;
    const { key, giveUp } = item;
    room.publish(item.data, { key, signal: giveUp.signal }).then(
      () => this.#remove(item),
      (error: unknown) => this.#failed(item, room, error),
    );
    this.#onChange();
  }

  #failed(item: Item, room: Room, error: unknown): void {
    if (!this.#items.includes(item)) return;
    const { code, message } = error instanceof WsechoError ? error : new WsechoError("internal", String(error));
    const isYoung = item.saidAt !== null && this.#now() - item.saidAt < KEY_LIFE;
    // Without a token it was not even said.
    if (code === "unauthorized" || code === "closed") item.saidAt = null;
    const isKept = item.saidAt === null || (code === "unknown" && isYoung);
    item.why = message;
    item.standing = isKept ? "kept" : code === "unknown" ? "unknown" : "refused";
    if (isKept && room !== this.#room) this.#say(item);
    else this.#onChange();
  }

  #remove(item: Item): void {
    this.#items = this.#items.filter((other) => other !== item);
    this.#onChange();
  }
}
