// SPDX-License-Identifier: MIT
// The states of a connection as the page shows them; wire.md names them.

export type State = "connecting" | "open" | "offline" | "closed";
export type Transport = "websocket" | "sse" | "longpoll";

/** What its reader can do about it; `none` where nothing here would help, or nothing is wrong. */
export type Remedy = "retry" | "token" | "none";

export interface Status {
  readonly state: State;
  /** In use, or being tried. */
  readonly transport: Transport;
  /** Why it is not open, or not on the transport one would expect; empty where there is nothing to say. */
  readonly why: string;
  /** When it tries again, on the world's clock; null where it is not waiting to. */
  readonly retryAt: number | null;
  readonly remedy: Remedy;
}
