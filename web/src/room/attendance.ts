// SPDX-License-Identifier: MIT
// One line's presence in a room: subscribes, fetches what was missed, then hears.

import type { Answer, Happening, Keywords, Line, Subscription } from "../net/line";
import type { Payload } from "../net/payload";
import { Ledger } from "./ledger";

const GET_EVENTS = "wamp.subscription.get_events";
/** Of what the room has kept, as many are shown on the first visit, and fetched at a time later. */
const LAST = 500;
const NOT_KEPT = "some messages were not kept";
const PAST_LOST = "the room’s past was lost, and what was said meanwhile may be missing here";

export interface Heard {
  readonly position: string;
  readonly publication: number;
  readonly payload: Payload;
  /** When it was said, where that was not just now. */
  readonly at: Date | null;
}

/** What was said before, and whether the room has none before that. */
export interface HeardBefore {
  readonly messages: readonly Heard[];
  readonly isAll: boolean;
}

/** An event of the past, with the time that it was said at. */
interface Past extends Happening {
  readonly timestamp: string;
}

export interface AttendanceListener {
  onMessage(message: Heard): void;
  onGap(why: string): void;
  /** The room has kept more than what was shown first. */
  onEarlier(): void;
}

export class Attendance {
  readonly #line: Line;
  readonly #topic: string;
  readonly #ledger: Ledger;
  readonly #listener: AttendanceListener;
  #subscription: Subscription | null = null;
  /** What came while the past was being fetched; null while nothing is. */
  #held: Happening[] | null = [];
  #fetched = 0;
  #hasLeft = false;

  constructor(line: Line, topic: string, ledger: Ledger, listener: AttendanceListener) {
    this.#line = line;
    this.#topic = topic;
    this.#ledger = ledger;
    this.#listener = listener;
  }

  /**
   * Resolves when everything up to now was heard, to how many messages of the past had to be
   * fetched; rejects as the line does.
   */
  async enter(): Promise<number> {
    this.#subscription = await this.#line.subscribe(this.#topic, (event) => this.#heard(event));
    if (this.#hasLeft) this.#subscription.unsubscribe();
    else await this.#catchUp();
    return this.#fetched;
  }

  /** The latest of what was said before a publication, which has none where it is not kept itself. */
  async earlier(publication: number): Promise<HeardBefore> {
    const answer = await this.#ask({ reverse: true, limit: LAST, before_publication: publication });
    const past = answer.args.toReversed() as readonly Past[];
    const messages = past.map((event) =>
      heard(event, String(event.kwargs["position"]), new Date(event.timestamp)),
    );
    return { messages: messages.filter((message) => message !== null), isAll: isAll(answer) };
  }

  leave(): void {
    this.#hasLeft = true;
    this.#subscription?.unsubscribe();
  }

  #heard(event: Happening): void {
    if (this.#hasLeft) return;
    if (this.#held) this.#held.push(event);
    else this.#take(event);
  }

  /** A live event, when all before it should have come. */
  #take(event: Happening): void {
    const { kwargs } = event;
    const position = kwargs["position"];
    if ("skipped" in kwargs || typeof position !== "string") {
      if ("skipped" in kwargs) this.#miss();
      return;
    }
    if (kwargs["recovered"] === false) {
      this.#miss();
      return;
    }
    const standing = this.#ledger.place(position);
    if (standing === "next") this.#accept(event, position);
    else if (standing !== "known") this.#miss(event);
  }

  /** Something is missing: it is fetched, and what comes meanwhile waits for it. */
  #miss(...events: Happening[]): void {
    this.#held = events;
    // Where the line dies instead, the next one does the same.
    this.#catchUp().catch(() => undefined);
  }

  async #catchUp(): Promise<void> {
    if (this.#ledger.position === null) await this.#begin();
    else await this.#resume(this.#ledger.position);
    if (this.#hasLeft) return;
    const held = this.#held ?? [];
    this.#held = null;
    for (const [index, event] of held.entries()) {
      // Whatever is missing now cannot be had.
      if (this.#isMissing(event)) {
        this.#listener.onGap(NOT_KEPT);
        this.#ledger.reopen();
      }
      this.#take(event);
      if (this.#held) {
        (this.#held as Happening[]).push(...held.slice(index + 1));
        return;
      }
    }
  }

  #isMissing({ kwargs }: Happening): boolean {
    const { position } = kwargs;
    if (typeof position !== "string" || kwargs["recovered"] === false) return false;
    return this.#ledger.place(position) === "ahead";
  }

  /** The first visit: the latest of what the room has kept. */
  async #begin(): Promise<void> {
    const answer = await this.#ask({ reverse: true, limit: LAST });
    const { args, kwargs } = answer;
    // Another line may have come first, or the room was left.
    if (this.#hasLeft || this.#ledger.position !== null) return;
    if (args.length === 0) this.#ledger.begin(String(kwargs["position"]));
    else this.#acceptPast(args.toReversed());
    if (!isAll(answer)) this.#listener.onEarlier();
  }

  async #resume(from: string): Promise<void> {
    let after = from;
    while (!this.#hasLeft) {
      const { args, kwargs } = await this.#ask({ after_position: after });
      if (this.#hasLeft) return;
      if (kwargs["recovered"] === false) {
        after = await this.#startOver();
        continue;
      }
      this.#acceptPast(args);
      if (args.length === 0) return;
      after = String(kwargs["position"]);
    }
  }

  /** The room cannot go on behind what was read: shows what it has kept. */
  async #startOver(): Promise<string> {
    const { args, kwargs } = await this.#ask({});
    const position = String(kwargs["position"]);
    if (this.#hasLeft) return position;
    this.#listener.onGap(PAST_LOST);
    if (args.length === 0) this.#ledger.begin(position);
    else this.#ledger.reopen();
    this.#acceptPast(args);
    return position;
  }

  #acceptPast(events: readonly unknown[]): void {
    for (const past of events as readonly Past[]) {
      const position = String(past.kwargs["position"]);
      const standing = this.#ledger.place(position);
      if (standing === "known") continue;
      if (standing !== "next") {
        this.#listener.onGap(NOT_KEPT);
        this.#ledger.reopen();
      }
      this.#accept(past, position, new Date(past.timestamp));
      this.#fetched += 1;
    }
  }

  #accept(event: Happening, position: string, at: Date | null = null): void {
    this.#ledger.begin(position);
    const message = heard(event, position, at);
    if (message) this.#listener.onMessage(message);
  }

  async #ask(filters: Keywords): Promise<Answer> {
    return this.#line.call(GET_EVENTS, [this.#subscription?.id], filters);
  }
}

function heard({ args, kwargs, publication }: Happening, position: string, at: Date | null): Heard | null {
  const payload = payloadOf(args[0], kwargs);
  return payload === null ? null : { position, publication, payload, at };
}

/**
 * Whether an answer, newest first, goes back to the first event that the room has kept: then its
 * position is where the room stands, else where what was kept begins.
 */
function isAll({ args, kwargs }: Answer): boolean {
  const newest = args[0] as Past | undefined;
  if (!newest) return true;
  const whole = new Ledger();
  whole.begin(String(kwargs["position"]));
  return whole.place(String(newest.kwargs["position"])) === "known";
}

/** JSON reads a text that begins with U+0000 as binary, and `text` says that it is none. */
function payloadOf(value: unknown, { text }: Keywords): Payload | null {
  if (typeof value === "string") return value;
  if (!(value instanceof Uint8Array)) return null;
  return text === true ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(value) : new Uint8Array(value);
}
