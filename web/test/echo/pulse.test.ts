// SPDX-License-Identifier: MIT
// The pulse: once a second, only while wanted and looked at.

import { expect, it } from "vitest";
import { Pulse } from "../../src/echo/pulse";
import { FakeWorld } from "../fakes";

it("beats at once and every second, pauses while hidden, and stops", () => {
  const world = new FakeWorld();
  let beats = 0;
  const pulse = new Pulse(world, () => (beats += 1));
  pulse.start();
  world.passes(3_000);
  expect(beats).toBe(4);
  world.hidden = true;
  world.passes(5_000);
  expect(beats).toBe(4);
  world.hidden = false;
  world.passes(1_000);
  pulse.stop();
  world.passes(5_000);
  expect([beats, world.timers]).toEqual([5, 0]);
});
