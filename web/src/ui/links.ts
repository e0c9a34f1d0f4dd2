// SPDX-License-Identifier: MIT
// Finds the web addresses in a text that a stranger wrote: http and https, and nothing else.

/** Text as it stands, and where it leads to if it is an address. */
export interface Piece {
  readonly text: string;
  readonly href: string | null;
}

/** Not within another word, nor behind another scheme, as in `blob:https:`. */
const ADDRESS = /(?<![a-z0-9+.-]:?)https?:\/\/[^\s<>"“”«»`\p{Cc}]+/giu;
/** What follows an address in a sentence is no part of it. */
const TRAILING = ".,;:!?'’…。、，．：；！？）」』】";
const BRACKETS: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
/** What is invisible or turns the reading order: an address with such would not lead where it says. */
const DECEIVING = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\u115f\u1160\u3164\uffa0\ufe00-\ufe0f]/u;

/**
 * Cuts a text at its addresses; the pieces are the text again. Where it `isCut`, what touches its
 * end is no address, since nobody knows how that went on.
 */
export function piecesOf(text: string, isCut = false): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    if (isCut && index + found.length === text.length) break;
    const address = withoutTrailing(found);
    const href = hrefOf(address);
    if (href === null) continue;
    if (index > end) pieces.push({ text: text.slice(end, index), href: null });
    pieces.push({ text: address, href });
    end = index + address.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), href: null });
  return pieces;
}

/** Leaves out punctuation at the end, and brackets that were opened before the address. */
function withoutTrailing(address: string): string {
  const surplus = new Map(Object.keys(BRACKETS).map((bracket) => [bracket, surplusOf(bracket, address)]));
  let end = address.length;
  for (; end > 0; end--) {
    const last = address.charAt(end - 1);
    const left = surplus.get(last) ?? 0;
    if (left > 0) surplus.set(last, left - 1);
    else if (!TRAILING.includes(last)) break;
  }
  return address.slice(0, end);
}

/** How many more brackets are closed than opened. */
function surplusOf(bracket: string, address: string): number {
  return address.split(bracket).length - address.split(BRACKETS[bracket] ?? "").length;
}

/** Where an address leads to; null where it is none, or says one host and leads to another. */
function hrefOf(address: string): string | null {
  if (DECEIVING.test(address) || !URL.canParse(address)) return null;
  const { protocol, username, password, href } = new URL(address);
  const isWeb = protocol === "http:" || protocol === "https:";
  return isWeb && username === "" && password === "" ? href : null;
}
