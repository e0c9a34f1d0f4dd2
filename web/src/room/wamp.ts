// SPDX-License-Identifier: MIT
// A room as a WAMP topic, on whatever line the ladder has: moves from one to the next unnoticed.

import type { Ladder } from "../ladder/ladder";
import type { Tenant } from "../ladder/tenant";
import { Gone, type Keywords, type Line, Refusal } from "../net/line";
import type { Payload } from "../net/payload";
import type { Status } from "../net/status";
import type { Cancel, World } from "../net/world";
import { Attendance, type Heard } from "./attendance";
import type { Earlier, Outgoing, RoomClient, RoomListener, RoomMessage } from "./client";
import { Ledger } from "./ledger";
import { Own } from "./own";
import { Outbox } from "./outbox";
import { Presence } from "./presence";
import { closedBy, maySpeak, plainly } from "./refused";
import { roomTopic } from "./topic";

/** What the server may take a little later. */
const PASSING: ReadonlySet<string> = new Set([
  "wamp.error.network_failure",
  "wamp.error.timeout",
  "wsecho.error.over_rate",
]);
const PAUSE = 1_000;

/** What the room needs of the ladder. */
export type Lodging = Pick<Ladder, "serve" | "retry" | "renew">;

export class WampRoom implements RoomClient, Tenant {
  readonly #world: World;
  readonly #lodging: Lodging;
  readonly #room: string;
  readonly #topic: string;
  readonly #listener: RoomListener;
  readonly #ledger = new Ledger();
  readonly #outbox: Outbox;
  readonly #own = new Own();
  #status: Status | null = null;
  /** The line that is spoken on, once all was heard there. */
  #line: Line | null = null;
  #attendance: Attendance | null = null;
  #presence: Presence | null = null;
  #refusal: Refusal | null = null;
  /** Whether a line broke off, and nothing was heard since. */
  #wasCut = false;
  #hasLeft = false;
  #giveUp: Cancel = () => undefined;
  #stopPause: Cancel = () => undefined;

  constructor(
    world: World,
    lodging: Lodging,
    room: string,
    listener: RoomListener,
    leftOver: readonly Outgoing[],
  ) {
    this.#world = world;
    this.#lodging = lodging;
    this.#room = room;
    this.#topic = roomTopic(room);
    this.#listener = listener;
    this.#outbox = new Outbox(world, leftOver);
  }

  start(): void {
    this.#showOutgoing();
    this.#giveUp = this.#lodging.serve(this);
  }

  // For the panel.

  send(payload: Payload): void {
    this.#outbox.add(typeof payload === "string" ? payload.toWellFormed() : payload);
    this.#flush();
  }

  sendAgain(id: number): void {
    this.#outbox.sendAgain(id);
    this.#flush();
  }

  discard(id: number): void {
    this.#outbox.discard(id);
    this.#showOutgoing();
  }

  async earlier(publication: number): Promise<Earlier> {
    if (!this.#attendance) throw new Gone("there is no connection");
    const { messages, isAll } = await this.#attendance.earlier(publication);
    return { messages: messages.map((heard) => this.#message(heard)), isAll };
  }

  retry(): void {
    if (this.#refusal) this.#lodging.renew();
    else this.#lodging.retry();
  }

  leave(): readonly Outgoing[] {
    this.#hasLeft = true;
    this.#giveUp();
    this.#stopPause();
    this.#moveOutOf("you left the room before it came back");
    return this.#outbox.items;
  }

  // For the ladder.

  onStatus(status: Status): void {
    this.#status = status;
    this.#showStatus();
    if (status.state === "open") this.#flush();
  }

  async onLine(line: Line): Promise<void> {
    let isWhole = true;
    const attendance = new Attendance(line, this.#topic, this.#ledger, {
      onMessage: (message) => this.#heard(message),
      onGap: (why) => {
        isWhole = false;
        this.#listener.onGap(why);
      },
      onEarlier: () => {
        if (!this.#hasLeft) this.#listener.onEarlier();
      },
    });
    try {
      const fetched = await attendance.enter();
      if (this.#wasCut && isWhole && !this.#hasLeft) this.#listener.onResumed(fetched);
    } catch (error) {
      attendance.leave();
      if (!(error instanceof Refusal)) throw error;
      // That is the room's own word, and no fault of the line.
      this.#refused(error);
      return;
    }
    if (this.#hasLeft) attendance.leave();
    else this.#moveIn(line, attendance);
  }

  #moveIn(line: Line, attendance: Attendance): void {
    this.#attendance?.leave();
    this.#attendance = attendance;
    this.#refusal = null;
    this.#wasCut = false;
    this.#takeBack("the connection was changed");
    this.#line = line;
    this.#lookAround(line);
    this.#showStatus();
    this.#flush();
  }

  onLost(line: Line, why: string): void {
    this.#refusal = null;
    if (this.#line !== line) return;
    this.#wasCut = true;
    this.#moveOutOf(why);
    this.#showOutgoing();
  }

  #refused(refusal: Refusal): void {
    this.#refusal = refusal;
    this.#moveOutOf(refusal.message);
    if (!this.#hasLeft) this.#listener.onMembers(null);
    this.#showStatus();
    this.#showOutgoing();
  }

  #moveOutOf(why: string): void {
    this.#attendance?.leave();
    this.#presence?.leave();
    this.#attendance = this.#presence = this.#line = null;
    this.#takeBack(why);
  }

  /** Who is here, and whether one may speak, is good to know, and not waited for. */
  #lookAround(line: Line): void {
    void maySpeak(line, this.#topic).then((answer) => {
      if (this.#line === line) this.#listener.onMaySpeak(answer);
    });
    this.#presence?.leave();
    this.#presence = new Presence(line, this.#room, (members) => this.#listener.onMembers(members));
    void this.#presence.enter();
  }

  // Going out.

  #flush(): void {
    const line = this.#line;
    if (line && this.#status?.state !== "offline") {
      this.#outbox.flush((item) => void this.#publish(line, item));
    }
    this.#showOutgoing();
  }

  async #publish(line: Line, { id, key, payload }: Outgoing): Promise<void> {
    const [argument, kwargs] = argumentOf(payload, key);
    try {
      const publication = await line.publish(this.#topic, [argument], kwargs);
      this.#outbox.discard(id);
      const position = this.#own.taken(publication);
      if (position !== null && !this.#hasLeft) this.#listener.onOwn(position);
    } catch (error) {
      this.#failed(line, id, error);
    }
    this.#showOutgoing();
  }

  #failed(line: Line, id: number, error: unknown): void {
    // What went over a line that was left is on its way again over the next.
    if (this.#line !== line || error instanceof Gone) return;
    const why = error instanceof Refusal ? plainly(error, "speak") : String(error);
    if (!(error instanceof Refusal && PASSING.has(error.uri))) {
      this.#outbox.refused(id, why);
      return;
    }
    this.#outbox.lost(id, why);
    this.#stopPause();
    this.#stopPause = this.#world.after(PAUSE, () => this.#flush());
  }

  /** All that the room has not taken yet is to go over the next line. */
  #takeBack(why: string): void {
    for (const { id } of this.#outbox.items) this.#outbox.lost(id, why);
  }

  // Coming in.

  #heard(heard: Heard): void {
    if (!this.#hasLeft) this.#listener.onMessage(this.#message(heard));
  }

  #message(heard: Heard): RoomMessage {
    return { ...heard, own: this.#own.heard(heard.publication, heard.position) };
  }

  #showOutgoing(): void {
    if (!this.#hasLeft) this.#listener.onOutgoing(this.#outbox.items);
  }

  #showStatus(): void {
    const status = this.#status;
    if (!status || this.#hasLeft) return;
    if (status.state !== "open" || this.#line) this.#listener.onStatus(status);
    else if (this.#refusal) this.#listener.onStatus({ ...status, ...closedBy(this.#refusal) });
    else this.#listener.onStatus({ ...status, state: "connecting", why: "" });
  }
}

function argumentOf(payload: Payload, key: string): [Payload, Keywords] {
  // JSON would have it for binary.
  if (typeof payload === "string" && payload.startsWith("\0")) {
    return [new TextEncoder().encode(payload), { key, text: true }];
  }
  return [payload, { key }];
}
