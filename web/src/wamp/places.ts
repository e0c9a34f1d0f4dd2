// SPDX-License-Identifier: MIT
// A browser opens six connections to a host by HTTP/1.1, for all of its tabs. Whatever waits for
// what comes down takes one, so that the sixth tab must not wait, else none could say anything.

import type { World } from "../net/world";

const PLACES = 5;

/** Takes a connection to wait on; says whether there is one. It is kept until `signal`. */
export async function takePlace(world: World, url: string, signal: AbortSignal): Promise<boolean> {
  for (let number = 1; number <= PLACES; number++) {
    const release = await world.claim(`wsecho.waiting ${new URL(url).origin} ${number}`);
    if (!release) continue;
    if (signal.aborted) release();
    else signal.addEventListener("abort", release);
    return true;
  }
  return false;
}
