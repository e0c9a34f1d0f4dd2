// SPDX-License-Identifier: MIT
// Shows what was said and is not in the room yet, with a way out for each that is stuck.

import { button, make, part } from "../ui/dom";
import { oncePerFrame } from "../ui/frame";
import { summary } from "../ui/preview";
import type { Outgoing } from "./unsent";

const MOST = 200;

export interface Decisions {
  onSendAgain(id: number): void;
  onDiscard(id: number): void;
}

export class Waiting {
  readonly #list: HTMLElement;
  readonly #decisions: Decisions;
  readonly #draw = oncePerFrame(() => this.#drawNow());
  #outgoing: readonly Outgoing[] = [];

  constructor(panel: HTMLElement, decisions: Decisions) {
    this.#list = part("[data-waiting]", panel);
    this.#decisions = decisions;
  }

  show(outgoing: readonly Outgoing[]): void {
    this.#outgoing = outgoing;
    this.#draw();
  }

  #drawNow(): void {
    this.#list.replaceChildren(...this.#outgoing.map((item) => this.#row(item)));
    this.#list.hidden = this.#outgoing.length === 0;
  }

  #row({ id, data, standing, why }: Outgoing): HTMLLIElement {
    const what = make("span", "what", summary(data, MOST));
    what.dir = "auto";
    const row = make("li", "outgoing", what);
    row.dataset["standing"] = standing;
    row.append(make("span", "note", note(standing, why)));
    if (standing === "unknown" || standing === "refused") {
      row.append(button("small", "Send again", () => this.#decisions.onSendAgain(id)));
    }
    if (standing !== "sent") row.append(button("small", "Discard", () => this.#decisions.onDiscard(id)));
    return row;
  }
}

function note(standing: Outgoing["standing"], why: string): string {
  if (standing === "sent") return "sending";
  if (standing === "waiting") return "waits for the connection";
  return standing === "refused" ? `was not taken: ${why}` : `may not have arrived: ${why}`;
}
