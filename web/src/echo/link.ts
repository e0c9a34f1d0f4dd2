// SPDX-License-Identifier: MIT
// A WebSocket that comes back: it opens, notices loss, waits and opens again until it is ended.

import { Backoff } from "../net/backoff";
import { type Closing, explainClosing } from "../net/closing";
import type { Payload } from "../net/payload";
import type { State, Status } from "../net/status";
import type { Cancel, Socket, World } from "../net/world";

/** A handshake that a proxy swallowed never fails by itself. */
const OPENING_TIMEOUT = 8_000;
/** A server that accepts and then closes at once has not worked. */
const PROVEN = 5_000;
/** Looking at the tab tries at once, but not with every flick through the tabs. */
const BETWEEN_LOOKS = 1_000;
/** What the network held back while it was away comes at once when it is back, or never. */
const DOUBT = 1_000;

type Phase =
  | { readonly name: "idle" }
  | { readonly name: "opening"; readonly socket: Socket; readonly cancel: Cancel }
  | { readonly name: "open"; readonly socket: Socket; readonly since: number }
  | { readonly name: "doubted"; readonly socket: Socket; readonly since: number; readonly cancel: Cancel }
  | { readonly name: "waiting"; readonly until: number; readonly cancel: Cancel }
  | { readonly name: "ended"; readonly mayReturn: boolean };

export interface LinkListener {
  onStatus(status: Status): void;
  /** From here on `send` takes payloads. */
  onOpen(): void;
  onFrame(payload: Payload): void;
  /** A connection that had been open is gone, with all that was on its way. */
  onLost(why: string): void;
}

export class Link {
  readonly #world: World;
  readonly #url: string;
  readonly #listener: LinkListener;
  readonly #backoff: Backoff;
  #phase: Phase = { name: "idle" };
  #network: "online" | "offline" = "online";
  #why = "";
  #triedAt = -Infinity;
  #unwatch: Cancel = () => undefined;

  constructor(world: World, url: string, listener: LinkListener) {
    this.#world = world;
    this.#url = url;
    this.#listener = listener;
    this.#backoff = new Backoff(world.random);
  }

  start(): void {
    this.#unwatch = this.#world.watch({
      onOffline: () => this.#wentOffline(),
      onOnline: () => this.#cameOnline(),
      onVisible: () => this.#wasLookedAt(),
    });
    this.#open();
  }

  /** Hands the payload over where the connection is open; says whether it did. */
  send(payload: Payload): boolean {
    if (this.#phase.name !== "open" || this.#network === "offline") return false;
    return this.#phase.socket.send(payload);
  }

  /** Tries at once, whatever it was waiting for. */
  retry(): void {
    if (this.#phase.name !== "waiting" && this.#phase.name !== "ended") return;
    this.#leavePhase();
    this.#backoff.reset();
    this.#open();
  }

  /** Gives up a connection that looks open and does not answer. */
  distrust(why: string): void {
    if (this.#phase.name === "open") this.#lost({ text: why, mayReturn: true });
  }

  close(): void {
    this.#unwatch();
    this.#leavePhase();
    this.#phase = { name: "ended", mayReturn: false };
  }

  status(): Status {
    return {
      state: this.#state(),
      transport: "websocket",
      why: this.#why,
      retryAt: this.#phase.name === "waiting" ? this.#phase.until : null,
      remedy: this.#phase.name === "ended" && !this.#phase.mayReturn ? "none" : "retry",
      code: null,
    };
  }

  #state(): State {
    if (this.#network === "offline") return "offline";
    if (this.#phase.name === "ended") return "closed";
    return this.#phase.name === "open" ? "open" : "connecting";
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#listener.onStatus(this.status());
  }

  #leavePhase(): void {
    const phase = this.#phase;
    if ("cancel" in phase) phase.cancel();
    if ("socket" in phase) phase.socket.close();
  }

  #open(): void {
    this.#triedAt = this.#world.now();
    let socket: Socket;
    try {
      socket = this.#world.openSocket(this.#url, [], {
        onOpen: () => this.#opened(),
        onFrame: (payload) => this.#received(payload),
        onClose: (code, reason) =>
          this.#lost(explainClosing(code, reason, "since" in this.#phase)),
      });
    } catch {
      // Waiting would not give it one.
      this.#why = "this browser has no WebSocket";
      this.#enter({ name: "ended", mayReturn: false });
      return;
    }
    const cancel = this.#world.after(OPENING_TIMEOUT, () => {
      socket.close();
      this.#wait("the server did not answer in time");
    });
    this.#enter({ name: "opening", socket, cancel });
  }

  #opened(): void {
    if (this.#phase.name !== "opening") return;
    this.#phase.cancel();
    this.#why = "";
    this.#enter({ name: "open", socket: this.#phase.socket, since: this.#world.now() });
    if (this.#network === "online") this.#listener.onOpen();
  }

  #received(payload: Payload): void {
    const before = this.#phase;
    if (before.name === "doubted") {
      before.cancel();
      this.#enter({ name: "open", socket: before.socket, since: before.since });
    }
    this.#listener.onFrame(payload);
    if (before.name === "doubted") this.#listener.onOpen();
  }

  #lost({ text, mayReturn }: Closing): void {
    const before = this.#phase;
    this.#leavePhase();
    if ("since" in before && this.#world.now() - before.since >= PROVEN) this.#backoff.reset();
    if (mayReturn) {
      this.#wait(text);
    } else {
      this.#why = text;
      this.#enter({ name: "ended", mayReturn: true });
    }
    if ("since" in before) this.#listener.onLost(text);
  }

  #wait(why: string): void {
    this.#why = why;
    if (this.#network === "offline") {
      this.#enter({ name: "idle" });
      return;
    }
    const delay = this.#backoff.next(this.#world.isHidden());
    const cancel = this.#world.after(delay, () => this.#open());
    this.#enter({ name: "waiting", until: this.#world.now() + delay, cancel });
  }

  #wentOffline(): void {
    this.#network = "offline";
    const before = this.#phase;
    if (before.name === "doubted") {
      before.cancel();
      this.#phase = { name: "open", socket: before.socket, since: before.since };
    } else if (before.name === "opening" || before.name === "waiting") {
      this.#leavePhase();
      this.#phase = { name: "idle" };
    }
    // An open connection is left alone: to a server on this very machine it goes on working.
    this.#listener.onStatus(this.status());
  }

  #cameOnline(): void {
    this.#network = "online";
    this.#backoff.reset();
    const before = this.#phase;
    if (before.name === "open") {
      // It may have died without a word, and a raw WebSocket cannot be asked: let it speak first.
      const cancel = this.#world.after(DOUBT, () => this.#replace(before.socket));
      this.#enter({ ...before, name: "doubted", cancel });
    } else if (before.name === "idle") {
      // Jittered, since everyone in the building comes back at the same moment.
      this.#wait(this.#why);
    } else {
      this.#listener.onStatus(this.status());
    }
  }

  #replace(doubted: Socket): void {
    const why = "the network was away";
    doubted.close();
    this.#why = why;
    this.#open();
    this.#listener.onLost(why);
  }

  #wasLookedAt(): void {
    if (this.#phase.name !== "waiting") return;
    if (this.#world.now() - this.#triedAt < BETWEEN_LOOKS) return;
    this.#phase.cancel();
    this.#open();
  }
}
