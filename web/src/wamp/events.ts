// SPDX-License-Identifier: MIT
// Reads a stream of server-sent events (HTML standard, 9.2.6), as it comes, cut anywhere.

export interface ServerEvent {
  readonly type: string;
  /** The last `id` of the stream so far; empty where there was none. */
  readonly id: string;
  readonly data: string;
}

export class EventReader {
  #rest = "";
  #data: string[] = [];
  #id = "";
  #type = "";

  /** The events that this piece completes. */
  read(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const lines = this.#lines(piece);
    for (const line of lines) {
      if (line !== "") this.#field(line);
      else {
        if (this.#data.length > 0)
          events.push({ type: this.#type || "message", id: this.#id, data: this.#data.join("\n") });
        this.#data = [];
        this.#type = "";
      }
    }
    return events;
  }

  #lines(piece: string): string[] {
    const text = this.#rest + piece;
    // The line feed behind a carriage return may be in the next piece.
    const end = text.endsWith("\r") ? text.length - 1 : text.length;
    const lines = text.slice(0, end).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + text.slice(end);
    return lines;
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }
}
