// SPDX-License-Identifier: MIT
// A world under the test's hand: its time, its dice, its network and its sockets.

import type { Payload } from "../src/net/payload";
import type { Cancel, Socket, SocketListener, Watcher, World } from "../src/net/world";

export class FakeSocket implements Socket {
  readonly url: string;
  readonly protocols: readonly string[];
  readonly sent: Payload[] = [];
  closed = false;
  closing = false;
  readonly #listener: SocketListener;

  constructor(url: string, protocols: readonly string[], listener: SocketListener) {
    this.url = url;
    this.protocols = protocols;
    this.#listener = listener;
  }

  send(payload: Payload): boolean {
    if (this.closed || this.closing) return false;
    this.sent.push(payload);
    return true;
  }

  close(): void {
    this.closed = true;
  }

  opens(): void {
    if (!this.closed) this.#listener.onOpen();
  }

  receives(...payloads: readonly Payload[]): void {
    for (const payload of payloads) if (!this.closed) this.#listener.onFrame(payload);
  }

  dies(code = 1006, reason = ""): void {
    if (!this.closed) this.#listener.onClose(code, reason);
  }
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class FakeWorld implements World {
  hidden = false;
  hasWebSocket = true;
  /** What every throw of the dice gives. */
  dice = 0.5;
  readonly sockets: FakeSocket[] = [];
  /** Answers every request; set by who needs one. */
  respond: (url: string, init: RequestInit) => Promise<Response> = () =>
    Promise.reject(new TypeError("no network"));
  #keys = 0;
  #now = 0;
  #timers: Timer[] = [];
  #watchers: Watcher[] = [];

  now = (): number => this.#now;
  date = (): Date => new Date(new Date(2026, 0, 1, 10, 42, 7).getTime() + this.#now);
  random = (): number => this.dice;
  key = (): string => `key-${++this.#keys}`;
  fetch = (url: string, init: RequestInit): Promise<Response> => this.respond(url, init);
  readonly beacons: string[] = [];
  beacon = (url: string): void => void this.beacons.push(url);
  isHidden = (): boolean => this.hidden;
  /** Whose page it is; null outside of a browser. */
  origin: string | null = null;
  /** The names that somebody has. */
  readonly claimed = new Set<string>();
  readonly reported: unknown[] = [];
  report = (error: unknown): void => void this.reported.push(error);

  async claim(name: string): Promise<Cancel | null> {
    if (this.claimed.has(name)) return null;
    this.claimed.add(name);
    return () => void this.claimed.delete(name);
  }

  after(milliseconds: number, run: () => void): Cancel {
    const timer = { at: this.#now + milliseconds, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  openSocket(url: string, protocols: readonly string[], listener: SocketListener): Socket {
    if (!this.hasWebSocket) throw new ReferenceError("WebSocket is not defined");
    const socket = new FakeSocket(url, protocols, listener);
    this.sockets.push(socket);
    return socket;
  }

  watch(watcher: Watcher): Cancel {
    this.#watchers.push(watcher);
    return () => {
      this.#watchers = this.#watchers.filter((other) => other !== watcher);
    };
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  get timers(): number {
    return this.#timers.length;
  }

  passes(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = this.#timers.toSorted((one, other) => one.at - other.at);
      if (!next || next.at > end) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }

  goesOffline(): void {
    for (const watcher of [...this.#watchers]) watcher.onOffline?.();
  }

  comesOnline(): void {
    for (const watcher of [...this.#watchers]) watcher.onOnline?.();
  }

  goesForGood(): void {
    for (const watcher of [...this.#watchers]) watcher.onGone?.();
  }

  isLookedAt(): void {
    this.hidden = false;
    for (const watcher of [...this.#watchers]) watcher.onVisible?.();
  }
}
