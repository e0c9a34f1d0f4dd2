// SPDX-License-Identifier: MIT
// The ladder's smaller parts: patience that learns, a tab's memory, a line that is watched.

import { describe, expect, it } from "vitest";
import { Deadline } from "../../src/ladder/deadline";
import { tabMemory, transportNamed } from "../../src/ladder/memory";
import { Vigil } from "../../src/ladder/vigil";
import { outage } from "../../src/ladder/words";
import { FakeWorld } from "../fakes";
import { FakeLine, settle } from "../lines";

describe("the deadline", () => {
  it("is 4 s at first, shorter on a fast network, longer on a slow one", () => {
    const [fast, slow] = [new Deadline(), new Deadline()];
    expect(fast.milliseconds).toBe(4_000);
    fast.saw(20);
    slow.saw(800);
    expect([fast.milliseconds, slow.milliseconds]).toEqual([2_500, 9_000]);
  });

  it("grows while nothing is in time, to 16 s at most", () => {
    const deadline = new Deadline();
    const grown = [1, 2, 3].map(() => {
      deadline.wasTooShort();
      return deadline.milliseconds;
    });
    deadline.opened();
    expect([...grown, deadline.milliseconds]).toEqual([8_000, 16_000, 16_000, 4_000]);
  });
});

describe("the tab's memory", () => {
  const storage = (content: string | null): Storage =>
    ({ getItem: () => content, setItem: () => undefined }) as unknown as Storage;

  it.each([null, "", "{", "7", '{"transport":"pigeon"}'])("takes %j for nothing", (content) => {
    expect(tabMemory(() => storage(content), "http://here/").read()).toBeNull();
  });

  it("gives back what it was given", () => {
    expect(tabMemory(() => storage('{"transport":"sse","why":"so"}'), "http://here/").read()).toEqual({ transport: "sse", why: "so" });
  });

  it("lives with a browser that forbids it", () => {
    const forbidden = tabMemory(() => {
      throw new Error("SecurityError");
    }, "http://here/");
    forbidden.write({ transport: "sse", why: "" });
    expect(forbidden.read()).toBeNull();
  });

  it("knows transports by their names only", () => {
    expect([transportNamed("longpoll"), transportNamed("toString"), transportNamed(null)]).toEqual(["longpoll", null, null]);
  });
});

describe("a vigil", () => {
  function watch(isUneasy = false): { world: FakeWorld; line: FakeLine; vigil: Vigil; seen: string[] } {
    const world = new FakeWorld();
    const line = new FakeLine("sse");
    line.isMute = true;
    const seen: string[] = [];
    const vigil = new Vigil(world, line, () => isUneasy, {
      onDead: () => seen.push(`dead at ${world.now()}`),
      onRoundTrip: (took) => seen.push(`took ${took}`),
    });
    return { world, line, vigil, seen };
  }

  it("asks after 10 s of silence, and takes 3 s without an answer for death", () => {
    const { world, line, seen } = watch();
    world.passes(9_900);
    expect(line.asked).toEqual([]);
    world.passes(10_000);
    expect([line.question.what, seen, world.timers]).toEqual(["wsecho.echo", ["dead at 13000"], 0]);
  });

  it("times the answer, and asks again after the next silence", async () => {
    const { world, line, seen } = watch();
    world.passes(10_000);
    world.passes(200);
    line.question.answer();
    await settle();
    world.passes(9_000);
    expect([seen, line.asked]).toEqual([["took 200"], []]);
    world.passes(2_000);
    expect(line.asked).toHaveLength(1);
  });

  it("does not ask a line that talks", () => {
    const { world, line, vigil } = watch();
    for (let second = 0; second < 60; second++) {
      vigil.heard();
      world.passes(1_000);
    }
    expect(line.asked).toEqual([]);
  });

  it("asks sooner after a death, and while something waits for its answer", () => {
    expect(asksAt(watch(true))).toBe(3_000);
    const waiting = watch();
    void waiting.line.publish("topic", ["text"], {});
    expect(asksAt(waiting)).toBe(3_000);
  });

  it("waits longer for an answer behind much that comes in", () => {
    const { world, vigil, seen } = watch();
    world.passes(10_000);
    for (let second = 0; second < 8; second++) {
      vigil.heard();
      world.passes(1_000);
    }
    expect(seen).toEqual([]);
  });

  function asksAt({ world, line }: { world: FakeWorld; line: FakeLine }): number {
    while (!line.asked.some(({ what }) => what === "wsecho.echo")) world.passes(100);
    return world.now();
  }
});

it("an outage has the reason that says most", () => {
  const refused = { transport: "websocket", kind: "refused", text: "the server cannot be reached" } as const;
  const late = { transport: "sse", kind: "late", text: "there was no answer in time" } as const;
  expect([outage([refused, late]), outage([refused])]).toEqual([late.text, refused.text]);
});
