// SPDX-License-Identifier: MIT
// Where the server says no: what the page says then, and how it asks before anybody has written.

import { type Line, Refusal } from "../net/line";
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

/**
 * Whether the server may let this page speak in a room: false only where it says that it does not.
 *
 * A room takes one argument and never none, so this says nothing to anybody: who may speak is
 * refused for the argument, and who may not for want of the right, which is looked at first.
 */
export async function maySpeak(line: Line, topic: string): Promise<boolean> {
  try {
    await line.publish(topic, [], {});
  } catch (error) {
    return !(error instanceof Refusal && error.uri === NOT_AUTHORIZED);
  }
  return true;
}
