// SPDX-License-Identifier: MIT
// A room over its raw door: every frame is a message, and one's own come back like anybody's.

import { Link } from "../net/link";
import { patience } from "../net/patience";
import { byteLength, type Payload } from "../net/payload";
import type { Cancel, World } from "../net/world";
import type { Outgoing, RoomClient, RoomListener } from "./client";
import { Outbox } from "./outbox";

export class RawRoom implements RoomClient {
  readonly #world: World;
  readonly #link: Link;
  readonly #listener: RoomListener;
  readonly #outbox: Outbox;
  #position = 0;
  #stopWatch: Cancel = () => undefined;

  constructor(world: World, url: string, listener: RoomListener, leftOver: readonly Outgoing[]) {
    this.#world = world;
    this.#listener = listener;
    this.#outbox = new Outbox(leftOver);
    this.#link = new Link(world, url, {
      onStatus: (status) => listener.onStatus(status),
      onOpen: () => this.#flush(),
      onFrame: (payload) => this.#received(payload),
      onLost: (why) => this.#lost(why),
    });
  }

  start(): void {
    this.#listener.onOutgoing(this.#outbox.items);
    this.#link.start();
  }

  send(payload: Payload): void {
    this.#outbox.add(payload);
    this.#flush();
  }

  sendAgain(id: number): void {
    this.#outbox.sendAgain(id);
    this.#flush();
  }

  discard(id: number): void {
    this.#outbox.discard(id);
    this.#listener.onOutgoing(this.#outbox.items);
  }

  retry(): void {
    this.#link.retry();
  }

  leave(): readonly Outgoing[] {
    this.#stopWatch();
    this.#link.close();
    this.#outbox.lost("you left the room before it came back");
    return this.#outbox.items;
  }

  #flush(): void {
    this.#outbox.flush((payload) => this.#link.send(payload));
    this.#listener.onOutgoing(this.#outbox.items);
    this.#watchOldest();
  }

  #received(payload: Payload): void {
    // A browser cannot read the handshake's `Wsecho-Position`, so the page counts for itself.
    const position = String(++this.#position);
    const own = this.#outbox.seen(payload);
    this.#listener.onMessage({ position, payload, own });
    if (!own) return;
    this.#listener.onOutgoing(this.#outbox.items);
    this.#watchOldest();
  }

  #lost(why: string): void {
    this.#stopWatch();
    this.#outbox.lost(why);
    this.#listener.onOutgoing(this.#outbox.items);
    this.#listener.onGap(why);
  }

  /** One's own message comes back at once, or the connection is dead. */
  #watchOldest(): void {
    this.#stopWatch();
    const oldest = this.#outbox.oldestSent();
    if (!oldest) return;
    this.#stopWatch = this.#world.after(patience(byteLength(oldest.payload)), () =>
      this.#link.distrust("the room did not answer"),
    );
  }
}
