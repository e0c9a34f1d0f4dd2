// SPDX-License-Identifier: MIT
// How members are called, and in which order.

import type { Member } from "wsecho";

/** Names that fit beside the count; a narrow page cuts them anyway. */
const NAMED = 8;
/** As much of an id as tells two guests apart. */
const SHORT = 5;
/** Characters of a name beside a message. */
const MOST_SHOWN = 20;

/** One's own first, then as they came. */
export function ordered(members: readonly Member[], me: string): readonly Member[] {
  const own = members.filter(({ id }) => id === me);
  return [...own, ...members.filter(({ id }) => id !== me)];
}

/** The name from the token; whoever has none is a guest. */
export function nameOf({ id, name }: Pick<Member, "id"> & { readonly name: string | null }): string {
  return name || `guest ${id.slice(0, SHORT)}`;
}

/** The same for where there is little place: cut, and nothing in it that turns the order of reading. */
export function shortNameOf(who: Parameters<typeof nameOf>[0]): string {
  const plain = [...nameOf(who).replaceAll(/[\p{Cc}\p{Cf}]/gu, "")];
  return plain.length > MOST_SHOWN ? `${plain.slice(0, MOST_SHOWN - 1).join("")}…` : plain.join("");
}

/** `you, Ann, guest 4kq2x and 12 more`. */
export function namesOf(members: readonly Member[], me: string): string {
  const names = members.slice(0, NAMED).map((member) => (member.id === me ? "you" : nameOf(member)));
  const rest = members.length - names.length;
  return names.join(", ") + (rest > 0 ? ` and ${rest.toLocaleString("en-US")} more` : "");
}
