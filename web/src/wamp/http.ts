// SPDX-License-Identifier: MIT
// AutobahnJS's transports without WebSocket, in place of its own long-poll, whose POSTs overtake
// each other and which gives up at the first that fails: up by numbered POSTs, down by events or
// by long-poll.

import type { CloseEvent, Transport } from "autobahn";
import type { FaultKind } from "../net/line";
import type { World } from "../net/world";
import type { DownlinkListener } from "./downlink";
import { frame } from "./framing";
import { poll } from "./poll";
import { post, type Reply } from "./post";
import { takePlace } from "./places";
import { EventStream } from "./stream";
import { Uplink } from "./uplink";

export type HttpKind = "sse" | "longpoll";

const PROTOCOL = "wamp.2.json.batched";
/** What stands behind each message of a batch. */
const SEPARATOR = 1;
const OPENING = 10_000;

/** Why it closed, in a word that AutobahnJS passes by. */
export interface HttpCloseEvent extends CloseEvent {
  readonly kind: FaultKind;
}

/** What became of asking for a session: its name, or why there is none. */
type Opened = { readonly name: string } | { readonly kind: FaultKind; readonly text: string };

export class HttpTransport implements Transport {
  readonly info: { type: string; url: string; protocol: string };
  readonly #world: World;
  readonly #kind: HttpKind;
  readonly #over = new AbortController();
  #uplink: Uplink | null = null;
  #limit: number | null = null;

  constructor(world: World, kind: HttpKind, url: string) {
    this.#world = world;
    this.#kind = kind;
    this.info = { type: kind, url, protocol: PROTOCOL };
    void this.#open();
  }

  onopen(): void {}
  onmessage(_message: unknown): void {}
  onclose(_event: CloseEvent): void {}
  /** Ours: a sign of life that is no message. */
  onheard(): void {}

  /** Bytes that a body may have; null where that is not known. */
  set limit(bytes: number | null) {
    this.#limit = bytes;
    if (this.#uplink) this.#uplink.limit = bytes;
  }

  send(message: unknown): void {
    this.#uplink?.send(frame(message, this.#limit, SEPARATOR));
  }

  close(): void {
    if (this.#over.signal.aborted) return;
    this.#end({ code: 1000, reason: "", wasClean: true, kind: "lost" });
    if (!this.#uplink) return;
    this.#sayGoodbye();
  }

  /** Lets the server forget it now; without this it would do so in time. */
  #sayGoodbye(): void {
    this.#world.beacon(`${this.info.url}/close`);
  }

  async #open(): Promise<void> {
    const { signal } = this.#over;
    const hasPlace = await takePlace(this.#world, this.info.url, signal);
    if (!hasPlace && this.#kind === "sse") return this.#fail("other tabs have the browser's connections", "crowded");
    const opened = await this.#ask();
    if (signal.aborted) return;
    if (!("name" in opened)) return this.#fail(opened.text, opened.kind);
    this.info.url = `${this.info.url}/${opened.name}`;
    this.#uplink = new Uplink(this.#world, `${this.info.url}/send`, signal, (why, kind) =>
      this.#fail(why, kind),
    );
    const unwatch = this.#world.watch({ onGone: () => this.#sayGoodbye() });
    signal.addEventListener("abort", unwatch);
    this.#receive(signal, hasPlace);
    this.onopen();
  }

  async #ask(): Promise<Opened> {
    const offer = JSON.stringify({ protocols: [PROTOCOL] });
    const reply = await post(this.#world, `${this.info.url}/open`, offer, OPENING, this.#over.signal);
    if (reply.status === 0) return { kind: "refused", text: await this.#unreachable() };
    const name = reply.status === 200 ? transportName(reply.text) : null;
    return name === null ? refused(reply) : { name };
  }

  /** A browser does not say whether nothing answers, or what does is not for this page to read. */
  async #unreachable(): Promise<string> {
    const { origin } = this.#world;
    if (origin !== null && new URL(this.info.url).origin !== origin) {
      const answers = this.#world.fetch(this.info.url, { mode: "no-cors", signal: this.#over.signal });
      const isThere = await answers.then(() => true, () => false);
      if (isThere) return foreign(origin);
    }
    return "the server cannot be reached";
  }

  #receive(signal: AbortSignal, mayWait: boolean): void {
    const listener: DownlinkListener = {
      onHeard: () => this.onheard(),
      onMessage: (message) => this.#received(message),
      onDead: (why, kind) => this.#fail(why, kind),
    };
    const running =
      this.#kind === "sse"
        ? new EventStream(this.#world, `${this.info.url}/events`, signal, listener).run()
        : poll(this.#world, `${this.info.url}/receive`, mayWait, signal, listener);
    running.catch(() => this.#fail("the server sent what is no message", "lost"));
  }

  #received(message: unknown): void {
    if (!this.#over.signal.aborted) this.onmessage(message);
  }

  #fail(reason: string, kind: FaultKind): void {
    if (!this.#over.signal.aborted) this.#end({ reason, wasClean: false, kind });
  }

  #end(event: HttpCloseEvent): void {
    this.#over.abort();
    // Not from within `close`, as with a WebSocket.
    queueMicrotask(() => this.onclose(event));
  }
}

/** What to say to a page that cannot read what there is to read. */
function foreign(origin: string): string {
  if (origin !== "null") return `the server does not answer pages of ${origin}: was it started with --origin ${origin}?`;
  return "the server does not answer a page without an origin, such as a file: serve it, and name its origin with --origin";
}

function transportName(text: string): string | null {
  const { transport } = read(text);
  return typeof transport === "string" ? encodeURIComponent(transport) : null;
}

/** What is answered for good, and not as this server does, comes from another program. */
function refused({ status, text }: Reply): Opened {
  const { error } = read(text);
  const isOurs = typeof error === "object" && error !== null && "code" in error;
  if (isOurs) {
    const { reason } = error as { reason?: unknown };
    return { kind: "refused", text: typeof reason === "string" ? reason : `answered with ${status}` };
  }
  const kind = status < 500 && status !== 429 ? "foreign" : "refused";
  const what = kind === "foreign" ? "there is no wsecho at this address: it answered" : "the server answered";
  return { kind, text: `${what} with ${status}` };
}

function read(text: string): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
