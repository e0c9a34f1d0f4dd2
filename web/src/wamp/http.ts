// SPDX-License-Identifier: MIT
// AutobahnJS's transports without WebSocket, in place of its own long-poll, whose POSTs overtake
// each other and which gives up at the first that fails: up by numbered POSTs, down by events or
// by long-poll.

import type { CloseEvent, Transport, TransportFactory, TransportOptions } from "autobahn";
import type { FaultKind } from "../net/line";
import type { World } from "../net/world";
import type { DownlinkListener } from "./downlink";
import { writeMessage } from "./json";
import { poll } from "./poll";
import { post } from "./post";
import { EventStream } from "./stream";
import { Uplink } from "./uplink";

export type HttpKind = "sse" | "longpoll";

const PROTOCOL = "wamp.2.json.batched";
const OPENING = 10_000;

/** Why it closed, in a word that AutobahnJS passes by. */
export interface HttpCloseEvent extends CloseEvent {
  readonly kind: FaultKind;
}

/** A class as `autobahn.transports.register` takes one. */
export function httpFactory(
  world: World,
  kind: HttpKind,
): new (options: TransportOptions) => TransportFactory {
  return class implements TransportFactory {
    readonly type = kind;
    readonly #url: string;

    constructor({ url }: TransportOptions) {
      this.#url = url;
    }

    create(): Transport {
      return new HttpTransport(world, kind, this.#url);
    }
  };
}

export class HttpTransport implements Transport {
  readonly info: { type: string; url: string; protocol: string };
  readonly #world: World;
  readonly #kind: HttpKind;
  readonly #over = new AbortController();
  #uplink: Uplink | null = null;

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

  send(message: unknown): void {
    this.#uplink?.send(writeMessage(message));
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
    const offer = JSON.stringify({ protocols: [PROTOCOL] });
    const reply = await post(this.#world, `${this.info.url}/open`, offer, OPENING, signal);
    if (signal.aborted) return;
    const name = reply.status === 200 ? transportName(reply.text) : null;
    if (name === null) {
      const text = reply.status === 0 ? "the server cannot be reached" : `answered with ${reply.status}`;
      this.#fail(text, "refused");
      return;
    }
    this.info.url = `${this.info.url}/${name}`;
    this.#uplink = new Uplink(this.#world, `${this.info.url}/send`, signal, (why) =>
      this.#fail(why, "lost"),
    );
    const unwatch = this.#world.watch({ onGone: () => this.#sayGoodbye() });
    signal.addEventListener("abort", unwatch);
    this.#receive(signal);
    this.onopen();
  }

  #receive(signal: AbortSignal): void {
    const listener: DownlinkListener = {
      onHeard: () => this.onheard(),
      onMessage: (message) => this.#received(message),
      onDead: (why, kind) => this.#fail(why, kind),
    };
    const running =
      this.#kind === "sse"
        ? new EventStream(this.#world, `${this.info.url}/events`, signal, listener).run()
        : poll(this.#world, `${this.info.url}/receive`, signal, listener);
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

function transportName(text: string): string | null {
  try {
    const { transport } = JSON.parse(text) as { transport?: unknown };
    return typeof transport === "string" ? encodeURIComponent(transport) : null;
  } catch {
    return null;
  }
}
