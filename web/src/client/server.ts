// SPDX-License-Identifier: MIT
// A connection to a server: the ladder's one tenant, with all of its rooms and calls.

import {
  type ConnectOptions,
  type Keywords,
  type Off,
  type Room,
  type RoomOptions,
  type Server,
  type ServerEvents,
  type Status,
  type Token,
  type Transport,
  WsechoError,
} from "../api";
import { Ladder } from "../ladder/ladder";
import { tabMemory, TRANSPORTS } from "../ladder/memory";
import type { Tenant } from "../ladder/tenant";
import { type Line, TooLarge } from "../net/line";
import type { Status as LadderStatus } from "../net/status";
import type { World } from "../net/world";
import { type Addresses, lineOpener } from "../wamp/open";
import { addressesOf, baseOf } from "./address";
import { Calls } from "./calls";
import { Credentials } from "./credentials";
import { Emitter } from "./emitter";
import { checkName } from "./names";
import { Renewal } from "./renewal";
import { type Host, WampRoom } from "./room";

/** What is to be on every line: a room, a subscription, a registration. */
interface Lodger {
  /** Moves to a line; rejects only where that is no good. */
  enter(line: Line): Promise<void>;
  /** Whether this line was tried. */
  hasTried(line: Line): boolean;
  /** There will be no line, as things are. */
  fail(error: WsechoError): void;
}

export class WampServer implements Server, Tenant, Host {
  readonly url: string;
  readonly world: World;
  readonly #credentials: Credentials;
  readonly #ladder: Ladder;
  readonly #renewal: Renewal;
  readonly #events: Emitter<ServerEvents>;
  readonly #rooms = new Map<string, WampRoom>();
  readonly #calls: Calls;
  readonly #lodgers = new Set<Lodger>();
  #line: Line | null = null;
  #failure: WsechoError | null = null;
  #maxMessageSize: number | null = null;
  /** What was too large for a server that does not say what it takes, in bytes. */
  #refusedSize = Infinity;
  #isClosed = false;
  #stopListening: Off = () => undefined;

  /** Throws `bad_request`, naming the argument at fault. */
  constructor(world: World, url: string | URL, options: ConnectOptions, storage: () => Storage) {
    const base = baseOf(url);
    this.url = base.href;
    this.world = world;
    const rungs = transportsOf(options.transports);
    this.#credentials = new Credentials(world, options.member, options.token ?? null);
    this.#events = new Emitter<ServerEvents>(["status", "error"], world.report);
    this.#calls = new Calls(
      world,
      (binding) => this.#lodge(binding),
      (binding, error) => {
        this.#lodgers.delete(binding);
        if (error) this.#events.emit("error", error);
      },
    );
    this.#ladder = this.#build(addressesOf(base), rungs, storage);
    this.#renewal = new Renewal(world, this.#credentials, () => this.#ladder.renew());
    this.#listen(options.signal);
  }

  #build(addresses: Addresses, rungs: readonly Transport[], storage: () => Storage): Ladder {
    const credentials = this.#credentials;
    return new Ladder(this.world, lineOpener(this.world, addresses, credentials), {
      memory: tabMemory(storage, this.url),
      rungs,
      prepare: () => (credentials.isRenewable ? credentials.renew() : null),
      mayRenew: () => credentials.isRenewable,
    });
  }

  /** Begins in a moment, so that whoever made it can listen before. */
  #listen(signal: AbortSignal | undefined): void {
    const close = (): void => this.close();
    signal?.addEventListener("abort", close);
    this.#stopListening = () => signal?.removeEventListener("abort", close);
    queueMicrotask(() => {
      if (signal?.aborted) return this.close();
      if (this.#isClosed) return;
      this.#ladder.serve(this);
      this.#ladder.start();
    });
  }

  // For whoever uses it.

  get member(): string {
    return this.#credentials.member;
  }

  get status(): Status {
    const status = this.#ladder.status();
    const { world } = this;
    const retryAt = status.retryAt === null ? null : world.date().getTime() + status.retryAt - world.now();
    return { ...status, retryAt };
  }

  get maxMessageSize(): number | null {
    return this.#maxMessageSize;
  }

  set token(token: Token | null) {
    this.#credentials.present(token);
    if (!this.#isClosed) this.#ladder.renew();
  }

  room(name: string, options: RoomOptions = {}): Room {
    checkName(name);
    if (this.#isClosed) throw closed();
    const known = this.#rooms.get(name);
    if (known) return known;
    const room = new WampRoom(this, name, options);
    this.#rooms.set(name, room);
    this.#lodge(room);
    return room;
  }

  on<Type extends keyof ServerEvents>(type: Type, listener: (event: ServerEvents[Type]) => void): Off {
    return this.#events.on(type, listener);
  }

  async call(procedure: string, args: readonly unknown[] = [], kwargs: Keywords = {}): Promise<unknown> {
    this.#checkOpen();
    if (!Array.isArray(args)) throw new WsechoError("bad_request", "`args` has to be an array");
    return this.#calls.call(procedure, args, kwargs);
  }

  async subscribe(topic: string, listener: (args: readonly unknown[], kwargs: Keywords) => void): Promise<Off> {
    this.#checkOpen();
    return this.#calls.subscribe(topic, listener);
  }

  async register(
    procedure: string,
    answer: (args: readonly unknown[], kwargs: Keywords) => unknown,
  ): Promise<Off> {
    this.#checkOpen();
    return this.#calls.register(procedure, answer);
  }

  retry(): void {
    if (this.#isClosed) return;
    this.#ladder.retry();
    for (const room of this.#rooms.values()) room.retry();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    this.#renewal.stop();
    for (const room of [...this.#rooms.values()]) room.close(closed());
    this.#ladder.close("it was closed");
    this.#fail(closed());
    this.#lodgers.clear();
  }

  // For the ladder.

  onStatus(status: LadderStatus): void {
    const { code, why } = status;
    this.#failure = code === null ? null : new WsechoError(code, why);
    if (this.#failure && !this.#isClosed) this.#fail(this.#failure);
    for (const room of this.#rooms.values()) room.flush();
    this.#events.emit("status", this.status);
  }

  async onLine(line: Line): Promise<void> {
    // Where there is no other, nobody has to wait for all to have moved.
    if (!this.#line) this.#moveTo(line);
    for (;;) {
      // More may come meanwhile.
      const others = [...this.#lodgers].filter((lodger) => !lodger.hasTried(line));
      if (others.length === 0) break;
      await Promise.all(others.map((lodger) => lodger.enter(line)));
    }
    const answered = this.#calls.answered();
    this.#moveTo(line);
    // The line before is left next.
    await answered;
  }

  onLost(line: Line, _why: string): void {
    for (const room of this.#rooms.values()) room.lost(line);
    if (this.#line !== line) return;
    this.#line = null;
    this.#calls.line = null;
    this.#renewal.stop();
  }

  // For the rooms.

  get isOffline(): boolean {
    return this.#ladder.status().state === "offline";
  }

  get failure(): WsechoError | null {
    return this.#failure;
  }

  check(against: (limit: number | null) => void, size: number): void {
    if (size >= this.#refusedSize) throw new TooLarge(size, null);
    against(this.#maxMessageSize);
  }

  onTooLarge({ size }: TooLarge): void {
    if (this.#maxMessageSize === null) this.#refusedSize = Math.min(this.#refusedSize, size);
  }

  onLeft(room: WampRoom): void {
    this.#lodgers.delete(room);
    if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name);
  }

  #checkOpen(): void {
    if (this.#failure) throw this.#failure;
  }

  #fail(error: WsechoError): void {
    this.#calls.fail(error);
    for (const lodger of [...this.#lodgers]) lodger.fail(error);
  }

  #lodge(lodger: Lodger): void {
    this.#lodgers.add(lodger);
    // Of a line that ends it is told elsewhere.
    if (this.#line) lodger.enter(this.#line).catch(() => undefined);
  }

  #moveTo(line: Line): void {
    if (this.#line === line) return;
    this.#line = line;
    this.#calls.line = line;
    this.#maxMessageSize = line.maxMessageSize ?? this.#maxMessageSize;
    this.#renewal.watch(line);
  }
}

function closed(): WsechoError {
  return new WsechoError("closed", "the connection was closed");
}

function transportsOf(given: readonly Transport[] | undefined): readonly Transport[] {
  const known = given?.filter((transport) => TRANSPORTS.includes(transport));
  if (given && (known?.length !== given.length || given.length === 0)) {
    throw new WsechoError("bad_request", `\`transports\` has to be a list of ${TRANSPORTS.join(", ")}`);
  }
  return given ?? TRANSPORTS;
}
