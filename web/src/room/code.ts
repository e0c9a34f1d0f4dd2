// SPDX-License-Identifier: MIT
// Shows how to reach the room from one's own program.

import { copyText } from "../ui/copy";
import { button, make, part } from "../ui/dom";
import { closeByItself } from "../ui/popup";
import { type Snippet, snippetsFor } from "./snippets";

/** Milliseconds that it is told that something was copied. */
const TOLD = 2_000;

export class Code {
  readonly #box: HTMLDetailsElement;
  readonly #list: HTMLElement;
  readonly #hasToken: () => boolean;
  #room = "";

  constructor(panel: HTMLElement, hasToken: () => boolean) {
    this.#box = part<HTMLDetailsElement>("[data-code]", panel);
    this.#list = part("[data-snippets]", panel);
    this.#hasToken = hasToken;
    // Whether there is a token may have changed since it was last open.
    this.#box.addEventListener("toggle", () => this.#draw());
    closeByItself(this.#box);
  }

  show(room: string): void {
    this.#room = room;
    this.#draw();
  }

  #draw(): void {
    const snippets = this.#box.open ? snippetsFor(location, this.#room, this.#hasToken()) : [];
    this.#list.replaceChildren(...snippets.map(sheet));
  }
}

function sheet({ language, note, code }: Snippet): HTMLElement {
  const text = make("code", "", code);
  const box = make("pre", "", text);
  // It scrolls, which a keyboard must be able to do.
  box.tabIndex = 0;
  box.role = "group";
  box.ariaLabel = language;
  const copy = button("small", "Copy", () => void copyText(code, text).then(tell));
  const told = make("span", "visually-hidden");
  told.role = "status";
  const tell = (isCopied: boolean): void => {
    copy.textContent = isCopied ? "Copied" : "Selected";
    told.textContent = isCopied ? `${language} copied` : `${language} selected, to be copied`;
    setTimeout(() => (copy.textContent = "Copy"), TOLD);
  };
  copy.ariaLabel = `Copy ${language}`;
  const head = make("div", "language", make("h3", "", language), make("span", "note", note), copy, told);
  return make("section", "snippet", head, box);
}
