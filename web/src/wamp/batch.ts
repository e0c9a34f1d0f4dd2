// SPDX-License-Identifier: MIT
// `wamp.2.json.batched`: messages one after another, each with a record separator behind it.

import { readMessage } from "./json";

const RECORD = "\x1e";

export function joinBatch(written: readonly string[]): string {
  return written.map((message) => message + RECORD).join("");
}

/** Throws where one of them is no message. */
export function splitBatch(text: string): unknown[] {
  return text
    .split(RECORD)
    .filter((record) => record !== "")
    .map(readMessage);
}
