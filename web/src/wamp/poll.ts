// SPDX-License-Identifier: MIT
// Fetches by long-poll: batch after batch, each asked for by number until it has come.

import type { World } from "../net/world";
import { splitBatch } from "./batch";
import type { DownlinkListener } from "./downlink";
import { pause, Persistence } from "./persistence";
import { isPassing, post } from "./post";

/** The server answers within 10 s, with nothing where there is nothing. */
const TIMEOUT = 13_000;
/** Milliseconds between two questions that do not wait: twice as many after each that brought nothing. */
const [PAUSE, LONGEST_PAUSE] = [125, 1_000];

/** `mayWait` says whether a connection may be kept for what comes. */
export async function poll(
  world: World,
  url: string,
  mayWait: boolean,
  signal: AbortSignal,
  listener: DownlinkListener,
): Promise<void> {
  const persistence = new Persistence(world, signal);
  let number = 1;
  let rest = PAUSE;
  while (!signal.aborted) {
    const query = `?seq=${number}${mayWait ? "" : "&wait=0"}`;
    const reply = await post(world, url + query, "", TIMEOUT, signal);
    if (signal.aborted) return;
    if (reply.status === 200) number += 1;
    if (reply.status === 200 || reply.status === 204) {
      persistence.succeeded();
      listener.onHeard();
      for (const message of splitBatch(reply.text)) listener.onMessage(message);
      if (mayWait) continue;
      rest = reply.status === 200 ? PAUSE : Math.min(2 * rest, LONGEST_PAUSE);
      await pause(world, rest, signal);
    } else if (!isPassing(reply)) {
      listener.onDead("the server knows this session no more", "lost");
      return;
    } else if (!(await persistence.failed())) {
      if (!signal.aborted) listener.onDead("the connection was lost", "lost");
      return;
    }
  }
}
