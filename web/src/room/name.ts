// SPDX-License-Identifier: MIT
// Room names: where one stands in the page's address and in the server's.

export const DEFAULT_ROOM = "main";
const LONGEST_FILE = 40;

/** What `encodeURIComponent` lets through and a shell or a sentence does not. */
const SPECIAL = /[!'()*]/g;

/** The server's path of a room: its name is one segment, whatever is in it, and ends no quotation. */
export function roomPath(name: string): string {
  const segment = encodeURIComponent(name).replace(SPECIAL, (special) => {
    return `%${special.charCodeAt(0).toString(16).toUpperCase()}`;
  });
  return `/broadcast/${segment}`;
}

/** A name that a file may have on every system, made of a room's. */
export function fileName(name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{M}\p{N}_-]+/gu, "-").slice(0, LONGEST_FILE);
  return plain.toWellFormed().replace(/^-+|-+$/g, "") || "room";
}

/** The room that a page address asks for. */
export function roomOf(search: string): string {
  return new URLSearchParams(search).get("room") ?? DEFAULT_ROOM;
}

/** A page address's query with the room changed and all else kept. */
export function withRoom(search: string, name: string): string {
  const query = new URLSearchParams(search);
  query.set("room", name);
  return `?${query}`;
}
