// SPDX-License-Identifier: MIT
// A payload as the page shows it: text as it stands, bytes as their number and the first few.

import type { Bytes, Message } from "wsecho";
import { button, make } from "./dom";
import { formatBytes, hexPreview } from "./format";
import { piecesOf } from "./links";
import { type Raster, rasterOf } from "./raster";
import type { Shelf } from "./shelf";

/** A browser takes seconds to lay out a text of megabytes; the rest is there when asked for. */
const MOST_TEXT = 10_000;
const MOST_BYTES = 12;
/** Of a picture, in pixels, as in room.css: others are to be seen beside it. */
const MOST_HEIGHT = 288;
/** A text of more is folded, since it would push all others out of sight. */
const LONG_TEXT = 1_200;
const LONG_LINES = 16;

/** The whole of it, for the room's list. `name` is what a file is saved as, without its ending. */
export function preview(payload: Message["data"], name: string, shelf: Shelf): HTMLElement {
  return typeof payload === "string" ? text(payload) : binary(payload, name, shelf);
}

/** One line of it, for narrow lists. */
export function summary(payload: Message["data"], most: number): string {
  if (typeof payload !== "string") return hexPreview(payload, MOST_BYTES) || "no bytes";
  const line = payload.slice(0, most).replaceAll(/\s+/g, " ");
  return line + (payload.length > most ? "…" : "") || "empty text";
}

/** Whether a text is to be folded. */
export function isLong(text: string): boolean {
  return text.length > LONG_TEXT || text.split("\n", LONG_LINES + 1).length > LONG_LINES;
}

function text(payload: string): HTMLElement {
  const words = make("span", "text");
  words.dir = "auto";
  words.append(...linked(payload.slice(0, MOST_TEXT), payload.length > MOST_TEXT));
  const body = make("div", "body", words);
  if (isLong(payload)) body.append(foldable(words, payload));
  return body;
}

/** The words are those of the style sheet, so that the element's text is the message and nothing else. */
function foldable(words: HTMLElement, payload: string): HTMLButtonElement {
  const size = payload.length.toLocaleString("en-US");
  const toggle = button("more", "", () => {
    if (isFolded && payload.length > MOST_TEXT) words.replaceChildren(...whole(payload));
    fold(!isFolded);
  });
  let isFolded = true;
  const fold = (folded: boolean): void => {
    isFolded = folded;
    words.classList.toggle("folded", folded);
    toggle.ariaExpanded = String(!folded);
    toggle.ariaLabel = folded ? `Show all ${size} characters` : "Show less";
    toggle.dataset["label"] = toggle.ariaLabel;
  };
  fold(true);
  return toggle;
}

/** Of a text of megabytes, addresses are looked for in its beginning only. */
function whole(payload: string): (Node | string)[] {
  return [...linked(payload.slice(0, MOST_TEXT), true), payload.slice(MOST_TEXT)];
}

function linked(words: string, isCut: boolean): (Node | string)[] {
  return piecesOf(words, isCut).map(({ text, href }) => (href === null ? text : link(text, href)));
}

function link(text: string, href: string): HTMLAnchorElement {
  const anchor = make("a", "link", text);
  anchor.href = href;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  // Where it leads in the browser's own spelling, which shows a name that only looks like another.
  if (href !== text && href !== `${text}/`) anchor.title = href;
  return anchor;
}

function binary(bytes: Bytes, name: string, shelf: Shelf): HTMLElement {
  const size = make("span", "size", `binary, ${formatBytes(bytes.length)}`);
  if (bytes.length === 0) return make("div", "body binary", size);
  const body = make("div", "body binary", size, " ", make("code", "hex", hexPreview(bytes, MOST_BYTES)));
  const raster = rasterOf(bytes);
  const file = `${name}.${raster?.extension ?? "bin"}`;
  // A stranger's file: whatever it is in truth, a browser only ever saves it, or draws its pixels.
  const url = shelf.put(bytes, raster?.type ?? "application/octet-stream", () => {
    body.querySelectorAll(".save, .picture").forEach((element) => element.remove());
    body.classList.add("gone");
  });
  body.append(save(url, file));
  if (raster) body.append(picture(url, raster));
  return body;
}

function save(url: string, file: string): HTMLAnchorElement {
  const anchor = make("a", "save");
  anchor.href = url;
  anchor.download = file;
  anchor.ariaLabel = `Save as ${file}`;
  anchor.title = anchor.ariaLabel;
  return anchor;
}

function picture(url: string, { width, height }: Raster): HTMLImageElement {
  const image = make("img", "picture");
  // Its place is as large before it is drawn, so that nothing moves then.
  const scale = Math.min(1, MOST_HEIGHT / height);
  image.width = Math.ceil(width * scale);
  image.height = Math.ceil(height * scale);
  image.alt = `Picture of ${width} × ${height} pixels`;
  image.decoding = "async";
  image.loading = "lazy";
  image.addEventListener("error", () => image.remove());
  image.src = url;
  return image;
}

/** Gives back what an element of `preview` had kept to be saved. */
export function forget(within: HTMLElement, shelf: Shelf): void {
  within.querySelectorAll<HTMLAnchorElement>(".save").forEach(({ href }) => shelf.drop(href));
}
