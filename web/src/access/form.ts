// SPDX-License-Identifier: MIT
// Asks for a token, and says why.

import type { Status } from "wsecho";
import { part } from "../ui/dom";

export class TokenForm {
  readonly #form: HTMLFormElement;
  readonly #field: HTMLInputElement;
  readonly #why: HTMLElement;
  readonly #next: HTMLElement;

  /** What the panel says with takes the focus when this is done. */
  constructor(panel: HTMLElement, onToken: (token: string) => void) {
    this.#form = part<HTMLFormElement>("[data-token-form]", panel);
    this.#field = part<HTMLInputElement>("[data-token]", panel);
    this.#why = part("[data-token-why]", panel);
    this.#next = part("[data-say]", panel);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const token = this.#field.value.trim();
      if (token === "") return this.#field.focus();
      this.#field.value = "";
      this.#why.textContent = "Trying this token …";
      onToken(token);
    });
  }

  show({ state, remedy, why }: Status): void {
    if (remedy === "token") {
      this.#why.textContent = sentence(why);
      this.#form.hidden = false;
    } else if (state === "open" || state === "closed") {
      this.#hide();
    }
    // Else it stays as it was until it is known whether the token is any good.
  }

  /** For who wants to be somebody else, or thinks better of it. */
  toggle(why: string): void {
    if (!this.#form.hidden) return this.#hide();
    this.#why.textContent = why;
    this.#form.hidden = false;
    this.#field.focus();
  }

  #hide(): void {
    const hadFocus = this.#form.contains(document.activeElement);
    this.#form.hidden = true;
    // Focus in what is hidden would be nowhere.
    if (hadFocus) this.#next.focus();
  }
}

function sentence(why: string): string {
  return why.charAt(0).toUpperCase() + why.slice(1) + (/[.!?]$/.test(why) ? "" : ".");
}
