// SPDX-License-Identifier: MIT
// Tells a page's own messages, by their publication ids. The room says who took a message and shows
// it in either order, so whichever comes first waits here for the other.

const MOST = 1_000;

export class Own {
  /** Taken, shown or not: what is fetched again later is still one's own. */
  readonly #taken = new Set<number>();
  /** Shown, by whomever. */
  readonly #shown = new Map<number, string>();

  /** The room took it from this page; returns the position where it was shown before that. */
  taken(publication: number): string | null {
    this.#taken.add(publication);
    trim(this.#taken);
    return this.#shown.get(publication) ?? null;
  }

  /** The room shows it; says whether it is known to be from here. */
  heard(publication: number, position: string): boolean {
    this.#shown.set(publication, position);
    trim(this.#shown);
    return this.#taken.has(publication);
  }
}

function trim(kept: Set<number> | Map<number, string>): void {
  const [oldest] = kept.keys();
  if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
}
