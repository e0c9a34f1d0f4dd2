// SPDX-License-Identifier: MIT
// Asks for a token, and says why.

import type { Status } from "../net/status";
import { part } from "../ui/dom";

export class TokenForm {
  readonly #form: HTMLFormElement;
  readonly #field: HTMLInputElement;
  readonly #why: HTMLElement;

  constructor(panel: HTMLElement, onToken: (token: string) => void) {
    this.#form = part<HTMLFormElement>("[data-token-form]", panel);
    this.#field = part<HTMLInputElement>("[data-token]", panel);
    this.#why = part("[data-token-why]", panel);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const token = this.#field.value.trim();
      if (token === "") return this.#field.focus();
      this.#field.value = "";
      onToken(token);
    });
  }

  show({ remedy, why }: Status): void {
    const hadFocus = this.#form.contains(document.activeElement);
    this.#form.hidden = remedy !== "token";
    if (remedy === "token") this.#why.textContent = sentence(why);
    // Focus in what is hidden would be nowhere.
    else if (hadFocus) part("[data-say]").focus();
  }
}

function sentence(why: string): string {
  return why.charAt(0).toUpperCase() + why.slice(1) + (/[.!?]$/.test(why) ? "" : ".");
}
