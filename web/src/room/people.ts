// SPDX-License-Identifier: MIT
// Who is here: a count and the first names at a glance, everybody on demand.

import type { Member } from "wsecho";
import { make, part } from "../ui/dom";
import { formatMoment } from "../ui/format";
import { oncePerFrame } from "../ui/frame";
import { closeByItself } from "../ui/popup";
import { nameOf, namesOf, ordered } from "./people-words";

/** More than anybody reads; the count tells of the rest. */
const MOST = 200;

export class People {
  readonly #box: HTMLDetailsElement;
  readonly #count: HTMLElement;
  readonly #names: HTMLElement;
  readonly #list: HTMLElement;
  readonly #me: () => string;
  readonly #draw = oncePerFrame(() => this.#drawNow());
  #members: readonly Member[] | null = null;

  constructor(panel: HTMLElement, me: () => string) {
    this.#box = part<HTMLDetailsElement>("[data-people]", panel);
    this.#count = part("[data-people-count]", panel);
    this.#names = part("[data-people-names]", panel);
    this.#list = part("[data-people-list]", panel);
    this.#me = me;
    this.#box.addEventListener("toggle", () => this.#draw());
    closeByItself(this.#box);
  }

  /** Null where it is not told who is here. */
  show(members: readonly Member[] | null): void {
    this.#members = members;
    this.#draw();
  }

  #drawNow(): void {
    this.#box.hidden = this.#members === null;
    if (!this.#members) return;
    const me = this.#me();
    const members = ordered(this.#members, me);
    this.#count.textContent = members.length.toLocaleString("en-US");
    this.#names.textContent = namesOf(members, me);
    // A busy room comes and goes all the time, and a closed list is not read.
    this.#list.replaceChildren(...(this.#box.open ? rows(members, me) : []));
  }
}

function rows(members: readonly Member[], me: string): HTMLLIElement[] {
  const items = members.slice(0, MOST).map((member) => row(member, me));
  const rest = members.length - MOST;
  if (rest > 0) items.push(make("li", "rest", `and ${rest.toLocaleString("en-US")} more`));
  return items;
}

function row({ id, name, door, since }: Member, me: string): HTMLLIElement {
  const who = make("span", "who", nameOf({ id, name }));
  who.dir = "auto";
  const item = make("li", "member", who);
  item.dataset["member"] = id;
  if (id === me) {
    item.classList.add("own");
    item.append(make("span", "you", "you"));
  }
  const moment = Number.isNaN(since.getTime()) ? "" : ` since ${formatMoment(since, new Date())}`;
  item.append(make("span", "how", `${door}${moment}`));
  return item;
}
