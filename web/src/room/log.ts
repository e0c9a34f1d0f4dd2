// SPDX-License-Identifier: MIT
// The room's messages on the page, newest last, following along while the reader is at the end.

import type { Earlier, Message } from "wsecho";
import { make, part } from "../ui/dom";
import { formatMoment, formatTime } from "../ui/format";
import { oncePerFrame } from "../ui/frame";
import { forget, preview } from "../ui/preview";
import { Shelf } from "../ui/shelf";
import { fileName } from "./name";
import { shortNameOf } from "./people-words";

/** wire.md promises 500; they go by the hundred, so that a flood does not trim on each. */
const KEPT = 1_000;
const SLACK = 100;
/** Pixels from the end that still count as being there. */
const NEAR = 48;
const EARLIER = "Show earlier messages";

type Entry =
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "gap" | "note"; readonly text: string; readonly at: Date };

export class Log {
  readonly #box: HTMLElement;
  readonly #list: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #newer: HTMLButtonElement;
  readonly #earlier: HTMLButtonElement;
  readonly #fetch: (publication: number) => Promise<Earlier>;
  readonly #shelf = new Shelf();
  readonly #draw = oncePerFrame(() => this.#drawNow());
  #arrived: Entry[] = [];
  #missed = 0;
  #followed = true;
  #room = "";
  /** How many rows are kept: what the reader asked for is no excess. */
  #kept = KEPT;
  #isFetching = false;

  /** `fetch` gets what was said before a publication. */
  constructor(panel: HTMLElement, fetch: (publication: number) => Promise<Earlier>) {
    this.#fetch = fetch;
    this.#box = part("[data-log]", panel);
    this.#list = part("[data-messages]", panel);
    this.#empty = part("[data-empty]", panel);
    this.#newer = part<HTMLButtonElement>("[data-newer]", panel);
    this.#newer.addEventListener("click", () => {
      this.#toEnd();
      this.#box.focus();
    });
    this.#earlier = part<HTMLButtonElement>("[data-earlier]", panel);
    this.#earlier.addEventListener("click", () => void this.#fetchEarlier());
    this.#box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // A box that shrinks, for a phone's keyboard or the waiting messages, must not leave the end.
    new ResizeObserver(() => this.#followed && this.#toEnd()).observe(this.#box);
  }

  add(message: Message): void {
    this.#push({ kind: "message", message });
  }

  addGap(why: string): void {
    this.#push({ kind: "gap", text: why, at: new Date() });
  }

  /** A remark that the next one replaces where no message came between. */
  addNote(text: string): void {
    if (this.#arrived.at(-1)?.kind === "note") this.#arrived.pop();
    const last = this.#list.lastElementChild;
    if (this.#arrived.length === 0 && last?.classList.contains("note")) last.remove();
    this.#push({ kind: "note", text, at: new Date() });
  }

  /** There is more to be had than what is shown. */
  offerEarlier(): void {
    this.#earlier.hidden = false;
  }

  /** Shows another room, of which nothing was said yet. */
  begin(room: string): void {
    this.#room = room;
    this.#arrived = [];
    this.#missed = 0;
    this.#followed = true;
    this.#kept = KEPT;
    this.#isFetching = false;
    this.#earlier.hidden = true;
    this.#earlier.textContent = EARLIER;
    forget(this.#list, this.#shelf);
    this.#list.replaceChildren();
    this.#empty.hidden = false;
    this.#showNewer();
  }

  #push(entry: Entry): void {
    this.#arrived.push(entry);
    if (this.#arrived.length > KEPT + SLACK) this.#arrived.splice(0, SLACK);
    this.#draw();
  }

  #drawNow(): void {
    if (this.#arrived.length === 0) return;
    const arrived = this.#arrived;
    this.#arrived = [];
    this.#list.append(...arrived.map((entry) => this.#item(entry)));
    this.#trim();
    this.#empty.hidden ||= arrived.some(({ kind }) => kind !== "note");
    if (this.#followed) this.#toEnd();
    else this.#missed += arrived.filter(({ kind }) => kind === "message").length;
    this.#showNewer();
  }

  /** The oldest go, from where they can be fetched again, though not while others are put before them. */
  #trim(): void {
    const excess = this.#list.childElementCount - this.#kept;
    if (excess <= SLACK || this.#isFetching) return;
    for (const child of [...this.#list.children].slice(0, excess)) {
      forget(child as HTMLElement, this.#shelf);
      child.remove();
    }
    this.offerEarlier();
  }

  async #fetchEarlier(): Promise<void> {
    const oldest = this.#list.querySelector<HTMLElement>("[data-position]");
    if (!oldest || this.#isFetching) return;
    this.#isFetching = true;
    this.#earlier.textContent = "Fetching …";
    let failed = false;
    const earlier = await this.#fetch(Number(oldest.dataset["publication"])).catch(() => {
      failed = true;
      return { messages: [], isAll: false };
    });
    // The room may have been left meanwhile.
    if (!oldest.isConnected) return;
    this.#isFetching = false;
    this.#earlier.textContent = failed ? "Not now: try again" : EARLIER;
    this.#prepend(earlier);
  }

  /** What is being read stays where it is. */
  #prepend({ messages, isAll }: Earlier): void {
    const { scrollHeight, scrollTop } = this.#box;
    const items = messages.map((message) => this.#item({ kind: "message", message }));
    if (isAll) items.unshift(make("li", "note", "All that the room has kept"));
    this.#kept += items.length;
    const hadFocus = document.activeElement === this.#earlier;
    // Nothing of it is news.
    this.#box.ariaBusy = "true";
    this.#list.prepend(...items);
    this.#earlier.hidden = isAll;
    if (isAll && hadFocus) this.#box.focus();
    this.#box.scrollTop = scrollTop + this.#box.scrollHeight - scrollHeight;
    this.#box.ariaBusy = null;
  }

  #scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    this.#followed = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.#followed) this.#missed = 0;
    this.#showNewer();
  }

  #toEnd(): void {
    this.#box.scrollTop = this.#box.scrollHeight;
  }

  #showNewer(): void {
    this.#newer.hidden = this.#missed === 0;
    this.#newer.textContent = `${this.#missed} new ↓`;
  }

  #item(entry: Entry): HTMLLIElement {
    if (entry.kind !== "message") {
      return make("li", entry.kind, `${formatTime(entry.at)} · ${entry.text}`);
    }
    const { position, publication, data, mine } = entry.message;
    // Shown by the style sheet, so that the element's text is the message and nothing else.
    const number = position.slice(position.lastIndexOf(":") + 1);
    const file = `${fileName(this.#room)}-${number}`;
    const element = make("li", "message", preview(data, file, this.#shelf));
    element.dataset["position"] = position;
    element.dataset["publication"] = String(publication);
    element.dataset["number"] = number;
    element.dataset["meta"] = metaOf(entry.message);
    element.classList.toggle("own", mine);
    return element;
  }
}

/** Who said it, where that is known, and when. */
function metaOf({ from, mine, time }: Message): string {
  const moment = formatMoment(new Date(time), new Date());
  const who = mine ? "you" : from && shortNameOf(from);
  // What is written from right to left leaves the time where it is.
  return who ? `\u2068${who}\u2069 · ${moment}` : moment;
}
