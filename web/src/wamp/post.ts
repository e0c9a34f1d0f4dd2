// SPDX-License-Identifier: MIT
// One POST that is answered in time or has failed.

import type { World } from "../net/world";

export interface Reply {
  /** 0 where there was no answer at all, or none in time. */
  readonly status: number;
  readonly text: string;
}

const NONE: Reply = { status: 0, text: "" };

/** Never rejects; `signal` gives it up, and where it has already, nothing is asked. */
export async function post(
  world: World,
  url: string,
  body: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<Reply> {
  if (signal.aborted) return NONE;
  const over = new AbortController();
  const abort = (): void => over.abort();
  signal.addEventListener("abort", abort);
  const cancel = world.after(milliseconds, abort);
  try {
    const headers = { "content-type": "application/json" };
    const response = await world.fetch(url, { method: "POST", body, headers, signal: over.signal });
    return { status: response.status, text: await response.text() };
  } catch {
    return NONE;
  } finally {
    cancel();
    signal.removeEventListener("abort", abort);
  }
}

/** Whether asking the same again can have another answer. */
export function isPassing({ status }: Reply): boolean {
  return status === 0 || status === 429 || status >= 500;
}
