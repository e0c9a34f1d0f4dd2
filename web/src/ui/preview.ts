// SPDX-License-Identifier: MIT
// A payload as the page shows it: text as it stands, bytes as their number and the first few.

import { hexPreview, type Payload } from "../net/payload";
import { button, make } from "./dom";
import { formatBytes } from "./format";

/** A browser takes seconds to lay out a text of megabytes; the rest is there when asked for. */
const MOST_TEXT = 10_000;
const MOST_BYTES = 12;

/** The whole of it, for the room's list. */
export function preview(payload: Payload): HTMLElement {
  if (typeof payload !== "string") {
    const size = make("span", "size", `binary, ${formatBytes(payload.length)}`);
    if (payload.length === 0) return make("span", "binary", size);
    return make("span", "binary", size, " ", make("code", "hex", hexPreview(payload, MOST_BYTES)));
  }
  const text = make("span", "text", payload.slice(0, MOST_TEXT));
  text.dir = "auto";
  if (payload.length > MOST_TEXT) {
    const rest = (payload.length - MOST_TEXT).toLocaleString("en-US");
    const more = button("more", `show ${rest} more characters`, () => {
      text.textContent = payload;
    });
    text.append(" ", more);
  }
  return text;
}

/** One line of it, for narrow lists. */
export function summary(payload: Payload, most: number): string {
  if (typeof payload !== "string") return hexPreview(payload, MOST_BYTES) || "no bytes";
  const line = payload.slice(0, most).replaceAll(/\s+/g, " ");
  return line + (payload.length > most ? "…" : "") || "empty text";
}
