// SPDX-License-Identifier: MIT
// One exchange with the echo, as a row of the list of answers.

import { byteLength } from "../net/payload";
import { make } from "../ui/dom";
import { formatBytes, formatMilliseconds } from "../ui/format";
import { summary } from "../ui/preview";
import type { Exchange, Outcome } from "./client";

const MOST = 120;

const WORDS: Readonly<Record<Outcome, string>> = {
  waiting: "waiting",
  asked: "asked",
  equal: "equal",
  different: "differs",
  unanswered: "no answer",
};

export function row(exchange: Exchange): HTMLLIElement {
  const { outcome, payload, label, roundTrip } = exchange;
  const kind = typeof payload === "string" ? "text" : "binary";
  const what = make("span", "what", label || summary(payload, MOST));
  what.dir = "auto";
  const time = roundTrip === null ? "" : `${formatMilliseconds(roundTrip)} ms`;
  const item = make(
    "li",
    "exchange",
    make("span", "verdict", WORDS[outcome]),
    what,
    make("span", "size", `${kind}, ${formatBytes(byteLength(payload))}`),
    make("span", "time", time),
  );
  item.dataset["outcome"] = outcome;
  const note = noteOn(exchange);
  if (note) item.append(make("span", "note", note));
  return item;
}

/** The sentence for whoever cannot see the list. */
export function announce({ outcome, payload, roundTrip, why }: Exchange): string {
  if (roundTrip === null) return outcome === "unanswered" ? `No answer: ${why}` : "";
  const size = formatBytes(byteLength(payload));
  const verdict = outcome === "equal" ? "equal to what was sent" : "different from what was sent";
  return `Answer of ${size}, ${verdict}, after ${formatMilliseconds(roundTrip)} milliseconds`;
}

function noteOn({ outcome, answer, why }: Exchange): string {
  if (outcome === "different" && answer !== null) {
    const kind = typeof answer === "string" ? "text" : "binary";
    return `${kind}, ${formatBytes(byteLength(answer))}: ${summary(answer, MOST)}`;
  }
  return outcome === "waiting" || outcome === "unanswered" ? why : "";
}
