// SPDX-License-Identifier: MIT
// How far the room was read: each message once and in order, over however many lines it comes.

interface Place {
  readonly epoch: string;
  readonly offset: number;
}

/** Where a message stands to what was read: it is the next, or was read, or some are missing. */
export type Standing = "next" | "known" | "ahead" | "elsewhere";

export class Ledger {
  #last: Place | null = null;

  /** The position that a message follows. */
  static before(position: string): string {
    const { epoch, offset } = parse(position);
    return `${epoch}:${offset - 1}`;
  }

  static areOfOneEpoch(one: string, other: string): boolean {
    return parse(one).epoch === parse(other).epoch;
  }

  /** Behind which to resume; null where nothing was read yet. */
  get position(): string | null {
    return this.#last && `${this.#last.epoch}:${this.#last.offset}`;
  }

  /** Begins behind a position, whatever was read. */
  begin(position: string): void {
    this.#last = parse(position);
  }

  place(position: string): Standing {
    const { epoch, offset } = parse(position);
    const last = this.#last;
    if (!last) return "next";
    if (epoch !== last.epoch) return "elsewhere";
    if (offset <= last.offset) return "known";
    return offset === last.offset + 1 ? "next" : "ahead";
  }
}

function parse(position: string): Place {
  const colon = position.lastIndexOf(":");
  return { epoch: position.slice(0, colon), offset: Number(position.slice(colon + 1)) };
}
