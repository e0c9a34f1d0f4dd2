// SPDX-License-Identifier: MIT
// A browser opens six connections to a host by HTTP/1.1, for all of its tabs: an event stream
// takes one for good, so that the sixth tab must not have one, else none of them could say anything.

import type { World } from "../net/world";
import type { HttpKind } from "./http";

const STREAMS = 5;

/** Waits for a connection to be had; says whether there is one. It is kept until `signal`. */
export async function place(world: World, kind: HttpKind, url: string, signal: AbortSignal): Promise<boolean> {
  if (kind !== "sse") return true;
  for (let number = 1; number <= STREAMS; number++) {
    const release = await world.claim(`wsecho.stream.${new URL(url).origin}.${number}`);
    if (!release) continue;
    if (signal.aborted) release();
    else signal.addEventListener("abort", release);
    return true;
  }
  return false;
}
