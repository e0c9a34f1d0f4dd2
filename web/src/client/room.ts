// SPDX-License-Identifier: MIT
// A room, on whatever line the ladder has: moves from one to the next unnoticed.

import {
  type Earlier,
  type Gap,
  type Joined,
  type Member,
  type Message,
  type Off,
  type Presence as Told,
  type PublishOptions,
  type Room,
  type RoomEvents,
  type RoomOptions,
  WsechoError,
} from "../api";
import { Gone, type Keywords, type Line, Refusal, TooLarge } from "../net/line";
import { byteLength, type Payload } from "../net/payload";
import type { Cancel, World } from "../net/world";
import { frame } from "../wamp/framing";
import { Attendance, type Heard } from "./attendance";
import { Emitter } from "./emitter";
import { explained, isPassing } from "./errors";
import { Ledger } from "./ledger";
import { Outbox } from "./outbox";
import { Presence } from "./presence";
import { Reader } from "./reader";
import { roomTopic } from "./topic";

const PUBLISH = "wsecho.publish";
const NOT_AUTHORIZED = "wamp.error.not_authorized";
const POSITION = /^[A-Za-z0-9_-]{1,64}:(0|[1-9][0-9]{0,15})$/;
const KEY = /^[!-~]{1,255}$/;
/** Milliseconds before a room that is closed for a reason that passes is tried again. */
const [PAUSE, LONGEST_PAUSE] = [1_000, 8_000];
/** Refusals before one that is told: at first the place may still be taken by a lost connection of its own. */
const TOLD_AFTER = 2;
const EARLIER = 500;
const EVENTS = ["message", "gap", "joined", "presence", "error"] as const;

/** What a room asks of whoever has the connection. */
export interface Host {
  readonly world: World;
  /** The id by which others know this client. */
  readonly member: string;
  readonly isOffline: boolean;
  /** Why there is no connection, and will be none as things are. */
  readonly failure: WsechoError | null;
  /** Holds a message of so many bytes against what the server takes; throws `TooLarge`, as `against` does. */
  check(against: (limit: number | null) => void, size: number): void;
  /** Told of what the server did not take. */
  onTooLarge(error: TooLarge): void;
  onLeft(room: WampRoom): void;
}

interface Settings {
  readonly history: number;
  readonly after: string | null;
  readonly presence: boolean;
}

export class WampRoom implements Room {
  readonly name: string;
  readonly #host: Host;
  readonly #topic: string;
  readonly #settings: Settings;
  readonly #events: Emitter<RoomEvents>;
  readonly #ledger = new Ledger();
  readonly #outbox: Outbox;
  readonly #readers = new Set<Reader>();
  /** Whoever waits for an event, and is to be told that there will be none. */
  readonly #awaited = new Set<(error: WsechoError) => void>();
  /** The line that was tried last, whatever came of it. */
  #tried: Line | null = null;
  /** The line that the room is heard on, once all was heard there. */
  #line: Line | null = null;
  /** The same, and the one on which the room may not be heard, but perhaps be spoken in. */
  #speaksOn: Line | null = null;
  #attendance: Attendance | null = null;
  #presence: Presence | null = null;
  #members: readonly Member[] = [];
  #joined: Joined | null = null;
  #error: WsechoError | null = null;
  #hasLeft = false;
  /** Lines are counted: what comes of an earlier one is not to replace a later. */
  #serial = 0;
  #movedIn = 0;
  readonly #gone = new WeakSet<Line>();
  #refusals = 0;
  #stopPause: Cancel = () => undefined;

  /** Throws `bad_request`, naming the option at fault. */
  constructor(host: Host, name: string, options: RoomOptions) {
    this.#host = host;
    this.name = name;
    this.#topic = roomTopic(name);
    this.#settings = settingsOf(options);
    this.#events = new Emitter<RoomEvents>(EVENTS, host.world.report);
    this.#outbox = new Outbox(host.world, (data, key) => this.#say(data, key));
    if (this.#settings.after !== null) this.#ledger.begin(this.#settings.after);
  }

  // For whoever uses it.

  get position(): string | null {
    return this.#ledger.position;
  }

  get joined(): Joined | null {
    return this.#joined;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  get pending(): number {
    return this.#outbox.pending;
  }

  on<Type extends keyof RoomEvents>(type: Type, listener: (event: RoomEvents[Type]) => void): Off {
    return this.#events.on(type, listener);
  }

  once<Type extends keyof RoomEvents>(type: Type): Promise<RoomEvents[Type]> {
    if (type === "joined" && this.#joined) return Promise.resolve(this.#joined as RoomEvents[Type]);
    const error = this.#error ?? this.#host.failure;
    if (error) return Promise.reject(error);
    return new Promise((resolve, reject) => {
      const off = this.on(type, (event) => {
        done();
        resolve(event);
      });
      const fail = (failure: WsechoError): void => {
        done();
        reject(failure);
      };
      const done = (): void => {
        off();
        this.#awaited.delete(fail);
      };
      this.#awaited.add(fail);
    });
  }

  async publish(
    data: string | Uint8Array | ArrayBuffer | Blob,
    { key, signal }: PublishOptions = {},
  ): Promise<{ readonly position: string }> {
    const failure = this.#hasLeft ? this.#error : this.#host.failure;
    if (failure) throw failure;
    if (key !== undefined && !KEY.test(key)) {
      throw new WsechoError("bad_request", "`key` has to be 1 to 255 visible ASCII characters");
    }
    const name = key ?? this.#host.world.key();
    if (isBlob(data)) {
      this.#checkSize(data.size);
      const read = data.arrayBuffer().then((buffer) => new Uint8Array(buffer));
      return { position: await this.#outbox.add(read, data.size, name, signal) };
    }
    const payload = payloadOf(data);
    this.#check(payload, name);
    return { position: await this.#outbox.add(payload, byteLength(payload), name, signal) };
  }

  async earlier({ publication }: Pick<Message, "publication">, limit = EARLIER): Promise<Earlier> {
    if (!this.#attendance) throw new WsechoError("lost", "there is no connection");
    try {
      const { messages, isAll } = await this.#attendance.earlier(publication, limit);
      return { messages: messages.map((heard) => this.#message(heard)), isAll };
    } catch (error) {
      throw explained(error, "read this room");
    }
  }

  async mayPublish(): Promise<boolean> {
    await this.once("joined");
    try {
      // A room takes one argument and never none, so this says nothing to anybody: who may speak is
      // refused for the argument, and who may not for want of the right, which is looked at first.
      await this.#line?.publish(this.#topic, [], {});
    } catch (error) {
      return !(error instanceof Refusal && error.uri === NOT_AUTHORIZED);
    }
    return true;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined> {
    const reader = new Reader(
      this.#ledger.position ?? "",
      (gap) => this.#told(gap),
      () => this.#readers.delete(reader),
    );
    this.#readers.add(reader);
    const error = this.#error ?? this.#host.failure;
    if (error) reader.end(this.#hasLeft ? null : error);
    return reader;
  }

  leave(): void {
    this.close(new WsechoError("closed", "the room was left"));
  }

  // For the server.

  close(error: WsechoError): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#error = error;
    this.#stopPause();
    this.#moveOut();
    this.fail(error, null);
    this.#host.onLeft(this);
  }

  /** Nothing is to be had here as things are: whoever waits is told so, readers of `reading`. */
  fail(error: WsechoError, reading: WsechoError | null = error): void {
    this.#outbox.fail(error);
    for (const fail of [...this.#awaited]) fail(error);
    for (const reader of [...this.#readers]) reader.end(reading);
  }

  /** Whether this line was tried. */
  hasTried(line: Line): boolean {
    return this.#tried === line;
  }

  /** Moves to a line; rejects only where that is no good. */
  async enter(line: Line): Promise<void> {
    this.#tried = line;
    this.#stopPause();
    const serial = ++this.#serial;
    const before = this.#ledger.position;
    let isWhole = true;
    const attendance = new Attendance(line, this.#topic, this.#ledger, this.#settings.history, {
      onMessage: (message) => this.#heard(message),
      onGap: (gap) => {
        isWhole = false;
        this.#told(gap);
      },
      onRefused: (refusal) => {
        if (this.#attendance === attendance) this.#refused(line, explained(refusal, "be in this room"));
      },
    });
    let fetched: number;
    try {
      fetched = await attendance.enter();
    } catch (error) {
      attendance.leave();
      if (error instanceof Gone) throw error;
      // That is the room's own word, and no fault of the line.
      if (this.#tried === line) this.#refused(line, explained(error, "be in this room"));
      return;
    }
    // It may have been left meanwhile, or a later one was quicker.
    if (this.#hasLeft || this.#gone.has(line) || serial < this.#movedIn) return attendance.leave();
    this.#movedIn = serial;
    this.#moveIn(line, attendance, fetched, before === null ? null : isWhole);
  }

  /** That line is gone, with all that was on its way. */
  lost(line: Line): void {
    this.#gone.add(line);
    if (this.#tried === line) this.#tried = null;
    if (this.#line === line) this.#moveOut();
    if (!this.#hasLeft) this.#error = null;
  }

  /** The browser has a network, or none. */
  flush(): void {
    this.#outbox.isReady = this.#speaksOn !== null && !this.#host.isOffline;
  }

  /** Tries a room again that was closed to this client, or that had no place for it. */
  retry(): void {
    if (!(this.#error || this.#refusals) || !this.#tried || this.#hasLeft) return;
    this.#error = null;
    this.#enterAgain(this.#tried);
  }

  #moveIn(line: Line, attendance: Attendance, fetched: number, recovered: boolean | null): void {
    const wasJoined = this.#joined !== null;
    this.#attendance?.leave();
    this.#attendance = attendance;
    this.#line = this.#speaksOn = line;
    this.#error = null;
    this.#refusals = 0;
    this.#lookAround(line);
    const position = this.#ledger.position ?? "";
    this.#joined = { position, fetched, recovered, hasEarlier: attendance.hasEarlier };
    this.flush();
    // A change of lines without a break is nobody's business.
    if (!wasJoined) this.#events.emit("joined", this.#joined);
  }

  /** Who is here is good to know, and not waited for. */
  #lookAround(line: Line): void {
    if (!this.#settings.presence) return;
    this.#presence?.leave();
    this.#presence = new Presence(line, this.name, (told) => this.#isTold(told));
    void this.#presence.enter();
  }

  #isTold(told: Told): void {
    this.#members = told.members;
    this.#events.emit("presence", told);
  }

  #moveOut(): void {
    this.#attendance?.leave();
    this.#presence?.leave();
    this.#attendance = this.#presence = this.#line = this.#speaksOn = this.#joined = null;
    this.flush();
  }

  #refused(line: Line, error: WsechoError): void {
    this.#moveOut();
    if (this.#hasLeft) return;
    if (isPassing(error)) {
      // Nobody can tell when there will be a place, if ever.
      if (error.code === "over_limit" && this.#refusals === TOLD_AFTER) this.#events.emit("error", error);
      if (this.#hasLeft) return;
      const pause = Math.min(LONGEST_PAUSE, PAUSE * 2 ** this.#refusals);
      this.#refusals = Math.min(8, this.#refusals + 1);
      this.#stopPause = this.#host.world.after(pause, () => this.#enterAgain(line));
      return;
    }
    this.#error = error;
    this.#speaksOn = line;
    this.flush();
    if (this.#settings.presence) this.#isTold({ action: "hidden", member: null, members: [] });
    for (const fail of [...this.#awaited]) fail(error);
    for (const reader of [...this.#readers]) reader.end(error);
    this.#events.emit("error", error);
  }

  #enterAgain(line: Line): void {
    // A line that ends is told of elsewhere.
    this.enter(line).catch(() => undefined);
  }

  // Going out.

  #check(data: Payload, key: string): void {
    const [argument, kwargs] = argumentOf(data, key);
    this.#hold(byteLength(data), (limit) => void frame([48, 1, {}, PUBLISH, [this.name, argument], kwargs], limit, 0));
  }

  /** Bytes that are not read yet: as base64, they are so many at least. */
  #checkSize(size: number): void {
    const least = 4 * Math.ceil(size / 3);
    this.#hold(size, (limit) => {
      if (limit !== null && least > limit) throw new TooLarge(least, limit);
    });
  }

  #hold(size: number, against: (limit: number | null) => void): void {
    try {
      this.#host.check(against, size);
    } catch (error) {
      throw explained(error, "speak");
    }
  }

  async #say(data: Payload, key: string): Promise<string> {
    if (!this.#speaksOn) throw new Gone("there is no connection");
    const [argument, kwargs] = argumentOf(data, key);
    try {
      const answer = await this.#speaksOn.call(PUBLISH, [this.name, argument], kwargs);
      return String(answer.kwargs["position"]);
    } catch (error) {
      if (error instanceof TooLarge) this.#host.onTooLarge(error);
      throw error;
    }
  }

  // Coming in.

  #heard(heard: Heard): void {
    if (this.#hasLeft) return;
    const message = this.#message(heard);
    this.#events.emit("message", message);
    for (const reader of this.#readers) reader.add(message);
  }

  #told(gap: Gap): void {
    if (!this.#hasLeft) this.#events.emit("gap", gap);
  }

  #message({ data, position, publication, time, from }: Heard): Message {
    const mine = from !== null && from.id === this.#host.member;
    return { data, position, time: time ?? this.#host.world.date().getTime(), from, mine, publication };
  }
}

function settingsOf({ history = 0, after = null, presence = false }: RoomOptions): Settings {
  if (!Number.isSafeInteger(history) || history < 0) {
    throw new WsechoError("bad_request", "`history` has to be a whole number, not negative");
  }
  if (after !== null && !(typeof after === "string" && POSITION.test(after))) {
    throw new WsechoError("bad_request", "`after` is no position");
  }
  return { history, after, presence };
}

function isBlob(data: unknown): data is Blob {
  const kind = kindOf(data);
  return kind === "Blob" || kind === "File";
}

/** The name of its class, also where it is another frame's. */
function kindOf(data: unknown): string {
  return Object.prototype.toString.call(data).slice("[object ".length, -1);
}

/** A copy, since whoever gave it may change it before it is said. */
function payloadOf(data: unknown): Payload {
  if (typeof data === "string") return data.toWellFormed();
  const kind = kindOf(data);
  if (kind === "ArrayBuffer") return new Uint8Array((data as ArrayBuffer).slice(0));
  if (kind === "Uint8Array") return new Uint8Array(data as Uint8Array);
  throw new WsechoError("bad_request", "`data` is neither text, Uint8Array, ArrayBuffer nor Blob");
}

function argumentOf(data: Payload, key: string): [Payload, Keywords] {
  // JSON would have it for binary.
  if (typeof data === "string" && data.startsWith("\0")) {
    return [new TextEncoder().encode(data), { key, text: true }];
  }
  return [data, { key }];
}
