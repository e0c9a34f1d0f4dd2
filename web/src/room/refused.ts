// SPDX-License-Identifier: MIT
// What the page says where the server says no.

import type { Refusal } from "../net/line";
import type { Status } from "../net/status";

const NOT_AUTHORIZED = "wamp.error.not_authorized";

/** How it stands with a room that does not let the page in. */
export function closedBy(refusal: Refusal): Pick<Status, "state" | "why" | "remedy"> {
  const remedy = refusal.uri === NOT_AUTHORIZED ? "token" : "retry";
  return { state: "closed", why: plainly(refusal, "be in this room"), remedy };
}

/** The server's words; of a right that is missing it often says no more than that. */
export function plainly({ uri, message }: Refusal, what: string): string {
  return uri === NOT_AUTHORIZED ? `you are not allowed to ${what} (${uri})` : message;
}
