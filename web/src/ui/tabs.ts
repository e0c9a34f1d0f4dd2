// SPDX-License-Identifier: MIT
// On a narrow page its parts are tabs, of which one is shown; on a wide one they stand side by side.

/** Which tab a key leads to from one of `count`; null where it leads to none. */
export function tabAfter(key: string, index: number, count: number): number | null {
  if (key === "ArrowRight") return (index + 1) % count;
  if (key === "ArrowLeft") return (index + count - 1) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}

interface Tab {
  readonly tab: HTMLElement;
  readonly panel: HTMLElement;
  /** What labels the panel while there are no tabs. */
  readonly title: string;
}

export class Tabs {
  readonly #tabs: readonly Tab[];
  readonly #narrow: MediaQueryList;
  #shown = 0;

  /** `list` has the tabs, each of which names its panel; `narrow` matches while there are tabs. */
  constructor(list: HTMLElement, narrow: MediaQueryList) {
    this.#tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")].map(tabOf);
    this.#narrow = narrow;
    narrow.addEventListener("change", () => this.#draw());
    for (const [index, { tab }] of this.#tabs.entries()) {
      tab.addEventListener("click", () => this.#show(index));
      tab.addEventListener("keydown", (event) => this.#pressed(event, index));
    }
    this.#draw();
  }

  /** Shows the panel of this id, if there is one. */
  show(id: string): void {
    const index = this.#tabs.findIndex(({ panel }) => panel.id === id);
    if (index >= 0) this.#show(index);
  }

  #pressed(event: KeyboardEvent, index: number): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const next = tabAfter(event.key, index, this.#tabs.length);
    if (next === null) return;
    event.preventDefault();
    this.#show(next);
    this.#tabs[next]?.tab.focus();
  }

  #show(index: number): void {
    this.#shown = index;
    this.#draw();
  }

  #draw(): void {
    const { matches } = this.#narrow;
    for (const [index, { tab, panel, title }] of this.#tabs.entries()) {
      const isShown = index === this.#shown;
      tab.ariaSelected = String(isShown);
      tab.tabIndex = isShown ? 0 : -1;
      panel.hidden = matches && !isShown;
      panel.role = matches ? "tabpanel" : null;
      panel.setAttribute("aria-labelledby", matches ? tab.id : title);
    }
  }
}

function tabOf(tab: HTMLElement): Tab {
  const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
  if (!panel) throw new Error(`the tab ${tab.id} has no panel`);
  return { tab, panel, title: panel.getAttribute("aria-labelledby") ?? "" };
}
