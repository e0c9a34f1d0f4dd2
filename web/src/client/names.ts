// SPDX-License-Identifier: MIT
// Room names: which may be.

import { WsechoError } from "../api";

const MOST = 200;
const CONTROL = /\p{Cc}/u;

/** Throws `bad_request` where no room can have this name. */
export function checkName(name: unknown): asserts name is string {
  const fault = typeof name === "string" ? faultOf(name) : "A room’s name is text.";
  if (fault !== null) throw new WsechoError("bad_request", fault);
}

function faultOf(name: string): string | null {
  if (name === "") return "A room needs a name.";
  if ([...name].length > MOST) return `A room’s name has at most ${MOST} characters.`;
  if (name === "." || name === "..") return "A room cannot be named by dots alone.";
  if (CONTROL.test(name) || !name.isWellFormed()) return "A room’s name has no control characters.";
  return null;
}
