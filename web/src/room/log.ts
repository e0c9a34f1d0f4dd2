// SPDX-License-Identifier: MIT
// The room's messages on the page, newest last, following along while the reader is at the end.

import { make, part } from "../ui/dom";
import { formatMoment, formatTime } from "../ui/format";
import { oncePerFrame } from "../ui/frame";
import { preview } from "../ui/preview";
import type { RoomMessage } from "./client";

/** wire.md promises 500; they go by the hundred, so that a flood does not trim on each. */
const KEPT = 1_000;
const SLACK = 100;
/** Pixels from the end that still count as being there. */
const NEAR = 48;

type Entry =
  | { readonly kind: "message"; readonly message: RoomMessage; readonly at: Date }
  | { readonly kind: "gap" | "note"; readonly text: string; readonly at: Date };

export class Log {
  readonly #box: HTMLElement;
  readonly #list: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #newer: HTMLButtonElement;
  readonly #draw = oncePerFrame(() => this.#drawNow());
  #arrived: Entry[] = [];
  #missed = 0;
  #followed = true;

  constructor(panel: HTMLElement) {
    this.#box = part("[data-log]", panel);
    this.#list = part("[data-messages]", panel);
    this.#empty = part("[data-empty]", panel);
    this.#newer = part<HTMLButtonElement>("[data-newer]", panel);
    this.#newer.addEventListener("click", () => {
      this.#toEnd();
      this.#box.focus();
    });
    this.#box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // A box that shrinks, for a phone's keyboard or the waiting messages, must not leave the end.
    new ResizeObserver(() => this.#followed && this.#toEnd()).observe(this.#box);
  }

  add(message: RoomMessage): void {
    this.#push({ kind: "message", message, at: message.at ?? new Date() });
  }

  /** A message was this page's own after all, as may be known a moment late. */
  own(position: string): void {
    const waits = this.#arrived.findIndex(
      (entry) => entry.kind === "message" && entry.message.position === position,
    );
    const entry = this.#arrived[waits];
    if (entry?.kind === "message") {
      this.#arrived[waits] = { ...entry, message: { ...entry.message, own: true } };
      return;
    }
    const shown = this.#list.querySelector<HTMLElement>(`[data-position="${CSS.escape(position)}"]`);
    if (shown) markOwn(shown);
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

  clear(): void {
    this.#arrived = [];
    this.#missed = 0;
    this.#followed = true;
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
    this.#list.append(...arrived.map(item));
    const excess = this.#list.childElementCount - KEPT;
    if (excess > SLACK) [...this.#list.children].slice(0, excess).forEach((child) => child.remove());
    this.#empty.hidden ||= arrived.some(({ kind }) => kind !== "note");
    if (this.#followed) this.#toEnd();
    else this.#missed += arrived.filter(({ kind }) => kind === "message").length;
    this.#showNewer();
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
}

function item(entry: Entry): HTMLLIElement {
  if (entry.kind !== "message") {
    return make("li", entry.kind, `${formatTime(entry.at)} · ${entry.text}`);
  }
  const { position, payload, own } = entry.message;
  const element = make("li", "message", preview(payload));
  element.dataset["position"] = position;
  // Shown by the style sheet, so that the element's text is the message and nothing else.
  element.dataset["number"] = position.slice(position.lastIndexOf(":") + 1);
  element.dataset["meta"] = formatMoment(entry.at, new Date());
  if (own) markOwn(element);
  return element;
}

function markOwn(element: HTMLElement): void {
  if (element.classList.contains("own")) return;
  element.classList.add("own");
  element.dataset["meta"] = `you · ${element.dataset["meta"]}`;
}
