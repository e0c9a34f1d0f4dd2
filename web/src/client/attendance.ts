// SPDX-License-Identifier: MIT
// One line's presence in a room: subscribes, fetches what was missed, then hears.

import type { Bytes, Gap, Sender } from "../api";
import { type Answer, type Happening, type Keywords, type Line, Refusal, type Subscription } from "../net/line";
import { Ledger } from "./ledger";

const GET_EVENTS = "wamp.subscription.get_events";

export interface Heard {
  readonly position: string;
  readonly publication: number;
  readonly data: string | Bytes;
  /** When it was said, in Unix milliseconds; null where that was just now, as far as is known. */
  readonly time: number | null;
  readonly from: Sender | null;
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
  onGap(gap: Gap): void;
  /** What was missing is not to be had just now: nothing more is heard here. */
  onRefused(refusal: Refusal): void;
}

export class Attendance {
  readonly #line: Line;
  readonly #topic: string;
  readonly #ledger: Ledger;
  readonly #history: number;
  readonly #listener: AttendanceListener;
  #subscription: Subscription | null = null;
  /** What came while the past was being fetched; null while nothing is. */
  #held: Happening[] | null = [];
  #fetched = 0;
  #hasEarlier = false;
  #hasLeft = false;

  /** `history` is how many messages of the past are told where nothing was read yet. */
  constructor(line: Line, topic: string, ledger: Ledger, history: number, listener: AttendanceListener) {
    this.#line = line;
    this.#topic = topic;
    this.#ledger = ledger;
    this.#history = history;
    this.#listener = listener;
  }

  /** Whether the room has kept more from before what was told first. */
  get hasEarlier(): boolean {
    return this.#hasEarlier;
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
  async earlier(publication: number, limit: number): Promise<HeardBefore> {
    const answer = await this.#ask({ reverse: true, limit, before_publication: publication });
    const past = answer.args.toReversed() as readonly Past[];
    const messages = past.map((event) => heard(event, String(event.kwargs["position"])));
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
    this.#catchUp().catch((error: unknown) => {
      // Where the line dies instead, the next one does the same.
      if (error instanceof Refusal && !this.#hasLeft) this.#listener.onRefused(error);
    });
  }

  async #catchUp(): Promise<void> {
    if (this.#ledger.position === null) await this.#begin();
    else await this.#resume(this.#ledger.position);
    if (this.#hasLeft) return;
    const held = this.#held ?? [];
    this.#held = null;
    for (const [index, event] of held.entries()) {
      // Whatever is missing now cannot be had.
      if (this.#isMissing(event)) this.#skipTo(String(event.kwargs["position"]));
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
    // Of none, the latest tells where the room stands.
    const answer = await this.#ask({ reverse: true, limit: Math.max(1, this.#history) });
    const { args, kwargs } = answer;
    // Another line may have come first, or the room was left.
    if (this.#hasLeft || this.#ledger.position !== null) return;
    const [newest] = args as readonly Past[];
    if (!newest) this.#ledger.begin(String(kwargs["position"]));
    else if (this.#history === 0) this.#ledger.begin(String(newest.kwargs["position"]));
    else this.#acceptPast(args.toReversed());
    this.#hasEarlier = newest !== undefined && (this.#history === 0 || !isAll(answer));
  }

  async #resume(from: string): Promise<void> {
    let after = from;
    while (!this.#hasLeft) {
      const { args, kwargs } = await this.#ask({ after_position: after });
      if (this.#hasLeft) return;
      if (kwargs["recovered"] === false) {
        after = await this.#startOver(after);
        continue;
      }
      this.#acceptPast(args);
      if (args.length === 0) return;
      after = String(kwargs["position"]);
    }
  }

  /** The room cannot go on behind what was read: tells what it has kept. */
  async #startOver(from: string): Promise<string> {
    const stood = this.#ledger.position ?? from;
    // Another line has told it already.
    if (!Ledger.areOfOneEpoch(stood, from)) return stood;
    const { args, kwargs } = await this.#ask({});
    const position = String(kwargs["position"]);
    if (this.#hasLeft) return position;
    const [oldest] = args as readonly Past[];
    const to = oldest ? Ledger.before(String(oldest.kwargs["position"])) : position;
    if (this.#ledger.position === stood) {
      this.#ledger.begin(to);
      this.#listener.onGap({ from: stood, to, reason: "history_lost" });
    }
    this.#acceptPast(args);
    return position;
  }

  #acceptPast(events: readonly unknown[]): void {
    for (const past of events as readonly Past[]) {
      const position = String(past.kwargs["position"]);
      const standing = this.#ledger.place(position);
      if (standing === "known") continue;
      if (standing !== "next") this.#skipTo(position);
      this.#accept(past, position);
      this.#fetched += 1;
    }
  }

  /** What stands before a position and was not read is not to be had any more. */
  #skipTo(position: string): void {
    const [from, to] = [this.#ledger.position ?? "", Ledger.before(position)];
    this.#ledger.begin(to);
    this.#listener.onGap({ from, to, reason: "not_kept" });
  }

  #accept(event: Happening, position: string): void {
    this.#ledger.begin(position);
    const message = heard(event, position);
    if (message) this.#listener.onMessage(message);
  }

  async #ask(filters: Keywords): Promise<Answer> {
    return this.#line.call(GET_EVENTS, [this.#subscription?.id], filters);
  }
}

function heard(event: Happening | Past, position: string): Heard | null {
  const { args, kwargs, publication } = event;
  const data = dataOf(args[0], kwargs);
  if (data === null) return null;
  return { position, publication, data, time: timeOf(event), from: senderOf(kwargs["from"]) };
}

/** A server that does not stamp its messages tells of the past alone when it was. */
function timeOf(event: Happening | Past): number | null {
  const { time } = event.kwargs;
  if (typeof time === "number") return time;
  return "timestamp" in event ? Date.parse(event.timestamp) : null;
}

function senderOf(told: unknown): Sender | null {
  if (typeof told !== "object" || told === null) return null;
  const { id, name } = told as Partial<Record<keyof Sender, unknown>>;
  return typeof id === "string" ? { id, name: typeof name === "string" ? name : null } : null;
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
function dataOf(value: unknown, { text }: Keywords): string | Bytes | null {
  if (typeof value === "string") return value;
  if (!(value instanceof Uint8Array)) return null;
  return text === true ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(value) : new Uint8Array(value);
}
