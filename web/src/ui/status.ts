// SPDX-License-Identifier: MIT
// Shows a connection's state: one sentence that is read aloud, and a countdown that is not.

import type { State, Status, Transport } from "wsecho";
import { part } from "./dom";
import { formatWait } from "./format";

const TRANSPORTS: Readonly<Record<Transport, string>> = {
  websocket: "WebSocket",
  sse: "Server-Sent Events",
  longpoll: "long-polling",
};

const WORDS: Readonly<Record<State, string>> = {
  connecting: "Connecting",
  open: "Open",
  offline: "Offline",
  closed: "Closed",
};

/** What follows the state's word: `Open over WebSocket`, but `Connecting – the connection was lost`. */
function sentence(status: Status): string {
  const words = explain(status);
  return words === "" || (status.state === "open" && status.why === "") ? words : `– ${words}`;
}

/** Why it is so, or over what. */
export function explain({ state, transport, why }: Status): string {
  if (state === "offline") return "no network; what you write waits here";
  if (state === "open") return why || `over ${TRANSPORTS[transport]}`;
  return why;
}

export class StatusView {
  readonly #word: HTMLElement;
  readonly #why: HTMLElement;
  readonly #countdown: HTMLElement;
  readonly #retry: HTMLButtonElement;
  readonly #now: () => number;
  #retryAt: number | null = null;
  #ticking: ReturnType<typeof setInterval> | null = null;

  constructor(within: HTMLElement, now: () => number, onRetry: () => void) {
    this.#word = part("[data-status-word]", within);
    this.#why = part("[data-status-why]", within);
    this.#countdown = part("[data-status-countdown]", within);
    this.#retry = part<HTMLButtonElement>("[data-retry]", within);
    this.#retry.addEventListener("click", onRetry);
    this.#now = now;
  }

  show(status: Status): void {
    // Rewriting the same words would have them read aloud again.
    setText(this.#word, WORDS[status.state]);
    setText(this.#why, sentence(status));
    this.#retryAt = status.state === "connecting" ? status.retryAt : null;
    const mayRetry = status.state === "closed" || this.#retryAt !== null;
    this.#retry.hidden = !mayRetry || status.remedy !== "retry";
    this.#count();
    if (this.#ticking !== null) clearInterval(this.#ticking);
    this.#ticking = this.#retryAt === null ? null : setInterval(() => this.#count(), 250);
  }

  #count(): void {
    const wait = this.#retryAt === null ? "" : `again in ${formatWait(this.#retryAt - this.#now())}`;
    setText(this.#countdown, wait);
  }
}

/** What style sheets and tests go by: the root element's attributes. */
export function markRoot(root: HTMLElement, { state, transport }: Status): void {
  root.dataset["state"] = state;
  root.dataset["transport"] = transport;
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
