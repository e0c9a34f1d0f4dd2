// SPDX-License-Identifier: MIT
// Sizes, durations and times as people read them.

import { expect, it } from "vitest";
import { formatBytes, formatMilliseconds, formatMoment, formatResumed, formatTime, formatWait, hexPreview } from "../../src/ui/format";

it.each([[0, "0 bytes"], [1, "1 byte"], [12, "12 bytes"], [999, "999 bytes"], [1_000, "1.0 kB"], [999_949, "999.9 kB"], [999_950, "1.0 MB"], [16_777_216, "16.8 MB"], [5e12, "5000.0 GB"]])(
  "writes %d bytes as %s",
  (count, text) => expect(formatBytes(count)).toBe(text),
);

it.each([[0, "<0.1"], [0.1, "0.1"], [9.94, "9.9"], [10.4, "10"], [1_234.5, "1,235"]])("writes %d ms as %s", (time, text) =>
  expect(formatMilliseconds(time)).toBe(text),
);

it("writes a time of day with all its digits", () => {
  expect(formatTime(new Date(2026, 10, 24, 4, 2, 7))).toBe("04:02:07");
});

it("tells the day too where it is not this one", () => {
  const now = new Date(2026, 10, 24, 9);
  expect(formatMoment(new Date(2026, 10, 24, 4, 2, 7), now)).toBe("04:02:07");
  expect(formatMoment(new Date(2026, 10, 23, 4, 2, 7), now)).toBe("23 Nov, 04:02:07");
});

it.each([[0, "resumed: nothing was missed"], [1, "resumed: 1 message fetched"], [1_200, "resumed: 1,200 messages fetched"]])(
  "says that %d were fetched",
  (fetched, text) => expect(formatResumed(fetched)).toBe(text),
);

it("never says that a wait is over while it lasts", () => {
  expect([0, 1, 1_000, 1_001].map(formatWait)).toEqual(["1 s", "1 s", "1 s", "2 s"]);
});

it("shows the first bytes and says that there are more", () => {
  expect(hexPreview(Uint8Array.of(), 4)).toBe("");
  expect(hexPreview(Uint8Array.of(0, 255, 16), 4)).toBe("00 ff 10");
  expect(hexPreview(Uint8Array.of(1, 2, 3), 2)).toBe("01 02 …");
});
