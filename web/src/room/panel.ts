// SPDX-License-Identifier: MIT
// The room panel: which room, what is said in it, and what is yet to be.

import { TokenForm } from "../access/form";
import type { Pass } from "../access/pass";
import { socketUrl } from "../net/address";
import { Gone } from "../net/line";
import type { Status } from "../net/status";
import { part } from "../ui/dom";
import { takeFiles } from "../ui/files";
import { formatResumed } from "../ui/format";
import { onEnter } from "../ui/typing";
import type { JoinRoom, Outgoing, RoomClient } from "./client";
import { Code } from "./code";
import { Log } from "./log";
import { DEFAULT_ROOM, faultOf, roomOf, roomPath, withRoom } from "./name";
import { People } from "./people";
import { Waiting } from "./waiting";

const SAY = "Say something";
const READ_ONLY = "Only to be read";

export interface RoomPanelListener {
  onStatus(status: Status): void;
  /** A token was given, for this room or any. */
  onToken(token: string): void;
}

export class RoomPanel {
  readonly #panel: HTMLElement;
  readonly #join: JoinRoom;
  readonly #listener: RoomPanelListener;
  readonly #log: Log;
  readonly #people: People;
  readonly #code: Code;
  readonly #pass: Pick<Pass, "id" | "token">;
  readonly #token: TokenForm;
  readonly #waiting: Waiting;
  readonly #name: HTMLInputElement;
  /** What was said in rooms that were left before it was seen there; it goes out on coming back. */
  readonly #leftOver = new Map<string, readonly Outgoing[]>();
  #room = "";
  #client: RoomClient | null = null;
  #outgoing: readonly Outgoing[] = [];

  /** `pass` is who this page is to others, and whether it has a token. */
  constructor(
    panel: HTMLElement,
    join: JoinRoom,
    pass: Pick<Pass, "id" | "token">,
    listener: RoomPanelListener,
  ) {
    this.#panel = panel;
    this.#join = join;
    this.#listener = listener;
    this.#pass = pass;
    this.#log = new Log(panel, async (publication) => {
      if (!this.#client) throw new Gone("no room");
      return this.#client.earlier(publication);
    });
    this.#people = new People(panel, () => pass.id);
    this.#code = new Code(panel, () => pass.token !== null);
    this.#token = new TokenForm(panel, (token) => listener.onToken(token));
    this.#waiting = new Waiting(panel, {
      onSendAgain: (id) => this.#client?.sendAgain(id),
      onDiscard: (id) => this.#client?.discard(id),
    });
    this.#name = part<HTMLInputElement>("[data-room-name]", panel);
    this.#listen();
  }

  /** Joins the room that the page's address names. */
  start(): void {
    const asked = roomOf(location.search);
    const fault = faultOf(asked);
    this.#enter(fault ? DEFAULT_ROOM : asked);
    this.#say(fault ? `${fault} This is ${DEFAULT_ROOM}.` : "");
  }

  retry(): void {
    this.#client?.retry();
  }

  /** Whether closing the page would lose something that was said. */
  hasUnsent(): boolean {
    return this.#outgoing.length > 0 || this.#leftOver.size > 0;
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
      if (text !== "") this.#client?.send(text);
    });
    takeFiles(this.#panel, {
      onFile: (_name, bytes) => this.#client?.send(bytes),
      onRefused: (why) => this.#say(why),
    });
    window.addEventListener("popstate", () => this.start());
  }

  #change(name: string): void {
    const fault = faultOf(name);
    this.#say(fault ?? "");
    this.#name.setAttribute("aria-invalid", String(fault !== null));
    if (fault || name === this.#room) return;
    history.pushState(null, "", withRoom(location.search, name));
    this.#enter(name);
    this.#say(this.#reminder());
    part("[data-say]", this.#panel).focus();
  }

  #enter(name: string): void {
    if (name === this.#room) return;
    this.#leave();
    this.#room = name;
    this.#name.value = name;
    this.#name.setAttribute("aria-invalid", "false");
    document.title = `${name} · wsecho`;
    const url = socketUrl(location, roomPath(name));
    part("[data-address]", this.#panel).textContent = url;
    part("[data-command]", this.#panel).textContent = `python -m websockets ${url}`;
    part("[data-log]", this.#panel).setAttribute("aria-label", `Messages in room ${name}`);
    this.#log.begin(name);
    this.#code.show(name);
    const leftOver = this.#leftOver.get(name) ?? [];
    this.#leftOver.delete(name);
    this.#client = this.#join(
      name,
      {
        onStatus: (status) => {
          this.#token.show(status);
          this.#listener.onStatus(status);
        },
        onMessage: (message) => this.#log.add(message),
        onOwn: (position) => this.#log.own(position),
        onGap: (why) => this.#log.addGap(why),
        onResumed: (fetched) => this.#log.addNote(formatResumed(fetched)),
        onMembers: (members) => this.#people.show(members),
        onEarlier: () => this.#log.offerEarlier(),
        onMaySpeak: (maySpeak) => this.#showMaySpeak(maySpeak),
        onOutgoing: (outgoing) => {
          this.#outgoing = outgoing;
          this.#waiting.show(outgoing);
        },
      },
      leftOver,
    );
  }

  #leave(): void {
    const leftOver = this.#client?.leave() ?? [];
    if (leftOver.length > 0) this.#leftOver.set(this.#room, leftOver);
    this.#outgoing = [];
    this.#waiting.show([]);
    this.#people.show(null);
    this.#showMaySpeak(true);
  }

  /** What is written all the same is refused, and waits for another token. */
  #showMaySpeak(maySpeak: boolean): void {
    part("[data-reading-only]", this.#panel).hidden = maySpeak;
    part("[data-other-token]", this.#panel).hidden = this.#pass.token === null;
    part<HTMLTextAreaElement>("[data-say]", this.#panel).placeholder = maySpeak ? SAY : READ_ONLY;
  }

  #reminder(): string {
    const rooms = [...this.#leftOver.keys()].map((room) => `“${room}”`);
    return rooms.length === 0 ? "" : `Something you wrote waits for you in ${rooms.join(", ")}.`;
  }

  #say(notice: string): void {
    const element = part("[data-notice]", this.#panel);
    element.textContent = notice;
    element.hidden = notice === "";
  }
}
