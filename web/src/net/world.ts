// SPDX-License-Identifier: MIT
// All that this code needs of the world around it, so that a test can stand in for it.

import type { Payload } from "./payload";

export type Cancel = () => void;

/** A WebSocket as it is used here. */
export interface Socket {
  /** Says whether it took the payload: one that is closing drops everything in silence. */
  send(payload: Payload): boolean;
  /** Closes it; its listener hears nothing more. */
  close(): void;
}

export interface SocketListener {
  onOpen(): void;
  onFrame(payload: Payload): void;
  onClose(code: number, reason: string): void;
}

export interface Watcher {
  onOffline?(): void;
  onOnline?(): void;
  onVisible?(): void;
  /** The page goes for good, not into the browser's cache of pages. */
  onGone?(): void;
}

export interface World {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** The time of day, to be shown. */
  date(): Date;
  after(milliseconds: number, run: () => void): Cancel;
  /** At least 0, less than 1. */
  random(): number;
  /** A word that nobody else will ever choose. */
  key(): string;
  /** Throws where there is no WebSocket or the address is none. */
  openSocket(url: string, protocols: readonly string[], listener: SocketListener): Socket;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Posts nothing but the address, and is done even where the page is not there any more. */
  beacon(url: string): void;
  /** The origin that requests are sent with; null where none is. */
  readonly origin: string | null;
  /**
   * Takes a name for as long as nobody else of this origin has it; null where somebody has. Where
   * that cannot be known, everybody may.
   */
  claim(name: string): Promise<Cancel | null>;
  isHidden(): boolean;
  watch(watcher: Watcher): Cancel;
  /** Tells whoever wrote the program that some of it threw. */
  report(error: unknown): void;
}
