// SPDX-License-Identifier: MIT
// AutobahnJS's transport over WebSocket, in place of its own, which writes a message a turn later
// than it is told to, so that nobody hears of what cannot be written.

import type { CloseEvent, Transport } from "autobahn";
import type { Socket, World } from "../net/world";
import { frame } from "./framing";
import { readMessage } from "./json";

const PROTOCOL = "wamp.2.json";

export class SocketTransport implements Transport {
  readonly info: { type: string; url: string; protocol: string };
  /** Bytes that a frame may have; null where that is not known. */
  limit: number | null = null;
  readonly #socket: Socket;
  #isClosed = false;

  /** Throws where there is no WebSocket. */
  constructor(world: World, url: string) {
    this.info = { type: "websocket", url, protocol: PROTOCOL };
    this.#socket = world.openSocket(url, [PROTOCOL], {
      onOpen: () => this.onopen(),
      onFrame: (payload) => this.#received(payload),
      onClose: (code, reason) => this.#closed(code, reason),
    });
  }

  onopen(): void {}
  onmessage(_message: unknown): void {}
  onclose(_event: CloseEvent): void {}
  onheard(): void {}

  send(message: unknown): void {
    // One that is closing says so next.
    this.#socket.send(frame(message, this.limit, 0));
  }

  close(): void {
    this.#socket.close();
    // Not from within `close`, as with a WebSocket.
    queueMicrotask(() => this.#closed(1000, ""));
  }

  #received(payload: unknown): void {
    let message: unknown;
    try {
      message = readMessage(String(payload));
    } catch {
      this.#socket.close();
      this.#closed(1002, "the server sent what is no message");
      return;
    }
    this.onmessage(message);
  }

  #closed(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onclose({ code, reason, wasClean: code !== 1006 });
  }
}
