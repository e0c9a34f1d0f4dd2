// SPDX-License-Identifier: MIT
// The room panel: which room, what is said in it, and what is yet to be.

import { type Gap, type Room, type Server, type Status, WsechoError } from "wsecho";
import { TokenForm } from "../access/form";
import type { Pass } from "../access/pass";
import { socketUrl } from "../ui/address";
import { part } from "../ui/dom";
import { takeFiles } from "../ui/files";
import { formatResumed } from "../ui/format";
import { onEnter } from "../ui/typing";
import { Code } from "./code";
import { Log } from "./log";
import { DEFAULT_ROOM, roomOf, roomPath, withRoom } from "./name";
import { People } from "./people";
import { statusOf } from "./status";
import { Unsent } from "./unsent";
import { Waiting } from "./waiting";

const SAY = "Say something";
const READ_ONLY = "Only to be read";
/** How many messages are shown first, of those that the room has kept. */
const HISTORY = 500;
const GAPS: Readonly<Record<Gap["reason"], string>> = {
  not_kept: "some messages were not kept",
  history_lost: "the room’s past was lost, and what was said meanwhile may be missing here",
  slow_reader: "some messages were left out",
};

export interface RoomPanelListener {
  onStatus(status: Status): void;
  /** A token was given, for this room or any. */
  onToken(token: string): void;
}

export class RoomPanel {
  readonly #panel: HTMLElement;
  readonly #server: Server;
  readonly #draw: () => string;
  readonly #listener: RoomPanelListener;
  readonly #log: Log;
  readonly #people: People;
  readonly #code: Code;
  readonly #pass: Pick<Pass, "token">;
  readonly #token: TokenForm;
  readonly #waiting: Waiting;
  readonly #name: HTMLInputElement;
  /** What was said in rooms that were left before it was taken there; those are still joined for it. */
  readonly #leftOver = new Map<string, Unsent>();
  #room: Room | null = null;
  #unsent: Unsent | null = null;
  /** Why the room is closed to this page, while the connection is open. */
  #refusal: WsechoError | null = null;

  /** `pass` says whether this page has a token; `draw` makes a word that nobody else has. */
  constructor(
    panel: HTMLElement,
    server: Server,
    pass: Pick<Pass, "token">,
    draw: () => string,
    listener: RoomPanelListener,
  ) {
    this.#panel = panel;
    this.#server = server;
    this.#draw = draw;
    this.#listener = listener;
    this.#pass = pass;
    this.#log = new Log(panel, async (publication) => {
      if (!this.#room) throw new WsechoError("lost", "no room");
      return this.#room.earlier({ publication }, HISTORY);
    });
    this.#people = new People(panel, () => server.member);
    this.#code = new Code(panel, () => pass.token !== null);
    this.#token = new TokenForm(panel, (token) => listener.onToken(token));
    this.#waiting = new Waiting(panel, {
      onSendAgain: (id) => this.#unsent?.sendAgain(id),
      onDiscard: (id) => this.#unsent?.discard(id),
    });
    this.#name = part<HTMLInputElement>("[data-room-name]", panel);
    this.#listen();
    server.on("status", () => {
      // Another connection is another try.
      if (server.status.state !== "open") this.#refusal = null;
      this.#showStatus();
    });
  }

  /** Joins the room that the page's address names. */
  start(): void {
    const asked = roomOf(location.search);
    const fault = this.#enter(asked);
    if (fault !== null) this.#enter(DEFAULT_ROOM);
    this.#say(fault === null ? "" : `${fault} This is ${DEFAULT_ROOM}.`);
  }

  /** Whether closing the page would lose something that was said. */
  hasUnsent(): boolean {
    return this.#leftOver.size > 0 || (this.#unsent?.items.length ?? 0) > 0;
  }

  #listen(): void {
    part("[data-room-form]", this.#panel).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change(this.#name.value.trim());
    });
    part("[data-other-token]", this.#panel).addEventListener("click", () =>
      this.#token.toggle("Another token may let you write here."),
    );
    const say = part<HTMLTextAreaElement>("[data-say]", this.#panel);
    onEnter(part("[data-say-form]", this.#panel), say, (text) => {
      if (text !== "") this.#unsent?.add(text);
    });
    takeFiles(this.#panel, {
      onFile: (_name, bytes) => this.#unsent?.add(bytes),
      onRefused: (why) => this.#say(why),
    });
    window.addEventListener("popstate", () => this.start());
  }

  #change(name: string): void {
    if (name === this.#room?.name) return this.#blame(null);
    const fault = this.#enter(name);
    this.#blame(fault);
    if (fault !== null) return;
    history.pushState(null, "", withRoom(location.search, name));
    this.#say(this.#reminder());
    part("[data-say]", this.#panel).focus();
  }

  #blame(fault: string | null): void {
    this.#say(fault ?? "");
    this.#name.setAttribute("aria-invalid", String(fault !== null));
  }

  /** Returns what is wrong with a name, in words for whoever typed it; null where nothing is. */
  #enter(name: string): string | null {
    if (name === this.#room?.name) return null;
    // What was left over is given to the new one.
    const kept = this.#leftOver.get(name);
    let room: Room;
    try {
      kept?.leave();
      room = this.#server.room(name, { history: HISTORY, presence: true });
    } catch (error) {
      return error instanceof WsechoError ? error.message : String(error);
    }
    this.#leave();
    this.#leftOver.delete(name);
    this.#room = room;
    this.#refusal = null;
    this.#show(name);
    this.#unsent = kept ?? new Unsent(room, this.#draw, Date.now, () => this.#showWaiting());
    kept?.moveTo(room);
    this.#hear(room);
    this.#showStatus();
    return null;
  }

  #show(name: string): void {
    this.#name.value = name;
    this.#name.setAttribute("aria-invalid", "false");
    document.title = `${name} · wsecho`;
    const url = socketUrl(location, roomPath(name));
    part("[data-address]", this.#panel).textContent = url;
    part("[data-command]", this.#panel).textContent = `python -m websockets ${url}`;
    part("[data-log]", this.#panel).setAttribute("aria-label", `Messages in room ${name}`);
    this.#log.begin(name);
    this.#code.show(name);
  }

  /** Once it was left, it has nothing more to say here, though it is still joined for what waits. */
  #hear(room: Room): void {
    const here = <Event>(listener: (event: Event) => void) => (event: Event) => {
      if (room === this.#room) listener(event);
    };
    room.on("message", here((message) => this.#log.add(message)));
    room.on("gap", here(({ reason }) => this.#log.addGap(GAPS[reason])));
    room.on("presence", here(({ action, members }) => this.#people.show(action === "hidden" ? null : members)));
    room.on("joined", here(({ recovered, fetched, hasEarlier }) => {
      if (recovered) this.#log.addNote(formatResumed(fetched));
      if (hasEarlier) this.#log.offerEarlier();
      this.#refusal = null;
      this.#showStatus();
      void this.#askMaySpeak(room);
    }));
    room.on("error", here((error) => {
      this.#refusal = error;
      this.#people.show(null);
      this.#showStatus();
    }));
  }

  async #askMaySpeak(room: Room): Promise<void> {
    const maySpeak = await room.mayPublish().catch(() => true);
    if (room === this.#room) this.#showMaySpeak(maySpeak);
  }

  #leave(): void {
    const [room, unsent] = [this.#room, this.#unsent];
    if (room && unsent && unsent.items.length > 0) this.#leftOver.set(room.name, unsent);
    else room?.leave();
    this.#room = this.#unsent = null;
    this.#showWaiting();
    this.#people.show(null);
    this.#showMaySpeak(true);
  }

  #showStatus(): void {
    if (!this.#room) return;
    const status = statusOf(this.#server.status, this.#room.joined !== null, this.#refusal);
    const isConnected = status.state === "open" || this.#refusal !== null;
    for (const unsent of [...this.#leftOver.values(), this.#unsent]) if (unsent) unsent.isConnected = isConnected;
    this.#token.show(status);
    this.#listener.onStatus(status);
  }

  #showWaiting(): void {
    this.#waiting.show(this.#unsent?.items ?? []);
    for (const [name, unsent] of this.#leftOver) {
      if (unsent.items.length > 0) continue;
      this.#leftOver.delete(name);
      unsent.leave();
    }
  }

  /** What is written all the same is refused, and waits for another token. */
  #showMaySpeak(maySpeak: boolean): void {
    part("[data-reading-only]", this.#panel).hidden = maySpeak;
    part("[data-other-token]", this.#panel).hidden = this.#pass.token === null;
    part<HTMLTextAreaElement>("[data-say]", this.#panel).placeholder = maySpeak ? SAY : READ_ONLY;
  }

  #reminder(): string {
    const rooms = [...this.#leftOver.keys()].map((room) => `“${room}”`);
    return rooms.length === 0 ? "" : `Something you wrote waits to be said in ${rooms.join(", ")}.`;
  }

  #say(notice: string): void {
    const element = part("[data-notice]", this.#panel);
    element.textContent = notice;
    element.hidden = notice === "";
  }
}
