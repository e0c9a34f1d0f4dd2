// SPDX-License-Identifier: MIT
// Sizes, durations and times of day as people read them.

import type { Bytes } from "wsecho";

const UNITS = ["kB", "MB", "GB"];

/** `12 bytes`, `1.5 kB`, `16.8 MB`: decimal units, as in the server's documentation. */
export function formatBytes(count: number): string {
  if (count === 1) return "1 byte";
  if (count < 1_000) return `${count} bytes`;
  let value = count / 1_000;
  let unit = 0;
  // 999.95 would be written 1000.0.
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** Milliseconds without their unit: two meaningful digits for the small, none past the point for the large. */
export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds < 0.1) return "<0.1";
  if (milliseconds < 10) return milliseconds.toFixed(1);
  return Math.round(milliseconds).toLocaleString("en-US");
}

/** `10:42:07`, by the reader's own clock. */
export function formatTime(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** The time of day, and the day too where that is another. */
export function formatMoment(date: Date, now: Date): string {
  const isToday = date.toDateString() === now.toDateString();
  return isToday ? formatTime(date) : `${DAY.format(date)}, ${formatTime(date)}`;
}

/** `resumed: 12 messages fetched`. */
export function formatResumed(fetched: number): string {
  if (fetched === 0) return "resumed: nothing was missed";
  return `resumed: ${fetched.toLocaleString("en-US")} ${fetched === 1 ? "message" : "messages"} fetched`;
}

/** What a wait still takes, in whole seconds, never 0 while it lasts. */
export function formatWait(milliseconds: number): string {
  return `${Math.max(1, Math.ceil(milliseconds / 1_000))} s`;
}

/** The first bytes for people to read, `00 ff 10 …`; the dots where there are more than `most`. */
export function hexPreview(bytes: Bytes, most: number): string {
  const shown = Array.from(bytes.subarray(0, most), (byte) => byte.toString(16).padStart(2, "0"));
  return shown.join(" ") + (bytes.length > most ? " …" : "");
}
