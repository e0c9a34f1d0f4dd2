// SPDX-License-Identifier: MIT
// Fetches by server-sent events, and goes on behind the last one where the stream breaks off.

import type { World } from "../net/world";
import type { DownlinkListener } from "./downlink";
import { EventReader } from "./events";
import { readMessage } from "./json";
import { Persistence } from "./persistence";

/** The server's first bytes come at once; a proxy that collects a whole answer shows none. */
const FIRST_BYTES = 2_500;
/** The server's heart beats every 15 s. */
const SILENCE = 40_000;

type End = "ended" | "refused" | "silent";

/** `EventSource` would say neither what status it got nor that a comment came. */
export class EventStream {
  readonly #world: World;
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #listener: DownlinkListener;
  readonly #persistence: Persistence;
  #hasHeard = false;
  #lastId = "";

  constructor(world: World, url: string, signal: AbortSignal, listener: DownlinkListener) {
    this.#world = world;
    this.#url = url;
    this.#signal = signal;
    this.#listener = listener;
    this.#persistence = new Persistence(world, signal);
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const end = await this.#visit();
      if (this.#signal.aborted) return;
      if (end === "silent" && !this.#hasHeard) {
        this.#listener.onDead("something on the way holds the stream back", "held");
        return;
      }
      if (end === "refused") {
        this.#listener.onDead("the server knows this session no more", "lost");
        return;
      }
      if (!(await this.#persistence.failed())) {
        if (!this.#signal.aborted) this.#listener.onDead("the stream was lost", "lost");
        return;
      }
    }
  }

  /** One request, to its end. */
  async #visit(): Promise<End> {
    const over = new AbortController();
    const abort = (): void => over.abort();
    this.#signal.addEventListener("abort", abort);
    let cancel = this.#world.after(FIRST_BYTES, abort);
    const heard = (): void => {
      cancel();
      cancel = this.#world.after(SILENCE, abort);
      this.#hasHeard = true;
      this.#persistence.succeeded();
      this.#listener.onHeard();
    };
    try {
      return await this.#read(over.signal, heard);
    } catch {
      return over.signal.aborted ? "silent" : "ended";
    } finally {
      cancel();
      over.abort();
      this.#signal.removeEventListener("abort", abort);
    }
  }

  async #read(signal: AbortSignal, heard: () => void): Promise<End> {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (this.#lastId !== "") headers["last-event-id"] = this.#lastId;
    const response = await this.#world.fetch(this.#url, { headers, signal, cache: "no-store" });
    if (!response.ok || !response.body) return response.status < 500 ? "refused" : "ended";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const events = new EventReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "ended";
      const read = events.read(value);
      // What passes is told so in place of a status, at which an `EventSource` would give up.
      if (read.some(({ type }) => type === "refused")) return "ended";
      heard();
      for (const { id, data } of read) {
        this.#lastId = id;
        this.#listener.onMessage(readMessage(data));
      }
    }
  }
}
