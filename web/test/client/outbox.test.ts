// SPDX-License-Identifier: MIT
// The outbox: order kept, nothing forgotten, nothing said twice, and bounds.

import { beforeEach, describe, expect, it } from "vitest";
import { WsechoError } from "../../src/api";
import { Outbox } from "../../src/client/outbox";
import { Gone, Refusal, TooLarge } from "../../src/net/line";
import { FakeWorld } from "../fakes";
import { settle } from "../lines";

interface Said {
  readonly what: string;
  answer(position: string): void;
  fail(error: Error): void;
}

let world: FakeWorld;
let outbox: Outbox;
let said: Said[];
let outcomes: string[];

function add(text: string, options: { key?: string; size?: number; signal?: AbortSignal } = {}): void {
  const { key = `key-${text}`, size = text.length, signal } = options;
  outbox.add(text, size, key, signal).then(
    (position) => outcomes.push(`${text} ${position}`),
    (error: WsechoError) => outcomes.push(`${text} ${error.code}`),
  );
}

const latest = (): Said => {
  const one = said.at(-1);
  if (!one) throw new Error("nothing was said");
  return one;
};

const words = (): string[] => said.map(({ what }) => what);

async function answer(position: string): Promise<void> {
  latest().answer(position);
  await settle();
}

async function fail(error: Error): Promise<void> {
  latest().fail(error);
  await settle();
}

beforeEach(() => {
  world = new FakeWorld();
  [said, outcomes] = [[], []];
  outbox = new Outbox(world, (data, key) => {
    return new Promise((resolve, reject) => said.push({ what: `${String(data)} ${key}`, answer: resolve, fail: reject }));
  });
  outbox.isReady = true;
});

it("says one after the other, and tells each its position", async () => {
  for (const text of ["a", "b"]) add(text);
  expect([words(), outbox.pending]).toEqual([["a key-a"], 2]);
  await answer("e:1");
  await answer("e:2");
  expect([words(), outcomes, outbox.pending, world.timers]).toEqual([["a key-a", "b key-b"], ["a e:1", "b e:2"], 0, 0]);
});

it("waits for what is still being read, and keeps the order", async () => {
  let read: (bytes: Uint8Array<ArrayBuffer>) => void = () => undefined;
  const position = outbox.add(new Promise((resolve) => (read = resolve)), 2, "file");
  add("after");
  await settle();
  expect(words()).toEqual([]);
  read(Uint8Array.of(1, 2));
  await settle();
  await answer("e:1");
  expect([await position, words()]).toEqual(["e:1", ["1,2 file", "after key-after"]]);
});

it("says that what cannot be read cannot be", async () => {
  await expect(outbox.add(Promise.reject(new Error("gone")), 2, "file")).rejects.toMatchObject({ code: "bad_request" });
  add("after");
  expect(words()).toEqual(["after key-after"]);
});

it("says again under its key what was on its way when a line broke, before all others", async () => {
  add("a");
  add("b");
  outbox.isReady = false;
  await fail(new Gone("gone"));
  expect(said.length).toBe(1);
  outbox.isReady = true;
  expect(words()).toEqual(["a key-a", "a key-a"]);
  await answer("e:1");
  expect([outcomes, words().at(-1)]).toEqual([["a e:1"], "b key-b"]);
});

it.each(["wsecho.error.over_rate", "wsecho.error.over_limit", "wamp.error.network_failure", "wamp.error.timeout"])(
  "tries again after %s, ever more slowly, with the others behind it",
  async (uri) => {
    add("a");
    add("b");
    for (const pause of [1_000, 2_000, 4_000, 8_000, 8_000]) {
      await fail(new Refusal(uri, "slowly"));
      const before = said.length;
      world.passes(pause - 1);
      expect(said.length).toBe(before);
      world.passes(1);
      expect(words().at(-1)).toBe("a key-a");
    }
    await answer("e:1");
    expect([outcomes, words().at(-1)]).toEqual([["a e:1"], "b key-b"]);
  },
);

it.each([
  [new Refusal("wamp.error.not_authorized", "no"), "forbidden"],
  [new Refusal("wamp.error.invalid_argument", "no"), "bad_request"],
  [new TooLarge(9, 8), "too_large"],
  [new Refusal("wamp.error.no_such_procedure", "no"), "refused"],
])("rejects with %s at once, and goes on", async (error, code) => {
  add("a");
  add("b");
  await fail(error);
  expect([outcomes, words()]).toEqual([[`a ${code}`], ["a key-a", "b key-b"]]);
});

describe("after 4.5 minutes", () => {
  it("is unknown what broke off each time, though there is no line", async () => {
    add("a");
    add("never said");
    outbox.isReady = false;
    await fail(new Gone("gone"));
    world.passes(269_999);
    await settle();
    expect(outcomes).toEqual([]);
    world.passes(1);
    await settle();
    expect([outcomes, outbox.pending]).toEqual([["a unknown"], 1]);
    outbox.isReady = true;
    expect(words().at(-1)).toBe("never said key-never said");
  });

  it.each([
    ["wsecho.error.over_rate", "over_rate"],
    ["wamp.error.network_failure", "bus_unavailable"],
    // Then it may have arrived.
    ["wamp.error.timeout", "unknown"],
  ])("is known what was refused each time with %s: %s", async (uri, code) => {
    add("a");
    for (let passed = 0; passed < 300 && outcomes.length === 0; passed++) {
      await fail(new Refusal(uri, "no"));
      world.passes(1_000);
      await settle();
    }
    expect(outcomes).toEqual([`a ${code}`]);
  });

  it("takes no answer that comes later, and keeps the order", async () => {
    add("a");
    add("b");
    world.passes(270_000);
    await settle();
    expect([outcomes, said.length]).toEqual([["a unknown"], 1]);
    await answer("e:1");
    expect([outcomes, words().at(-1)]).toEqual([["a unknown"], "b key-b"]);
  });
});

describe("bounds", () => {
  beforeEach(() => (outbox.isReady = false));

  it("takes a thousand", async () => {
    for (let count = 0; count < 1_001; count++) add("x");
    await settle();
    expect([outcomes, outbox.pending]).toEqual([["x over_limit"], 1_000]);
  });

  it("takes 16 MiB, and one that is more where nothing waits", async () => {
    add("huge", { size: 17 << 20 });
    add("more", { size: 1 });
    await settle();
    expect([outcomes, outbox.pending]).toEqual([["more over_limit"], 1]);
  });
});

describe("given up", () => {
  it("is what its signal says, said or not", async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    add("a", { signal: first.signal });
    add("b", { signal: second.signal });
    add("c");
    second.abort();
    first.abort();
    await settle();
    expect([outcomes, words()]).toEqual([["b closed", "a closed"], ["a key-a"]]);
    // What may have been taken is waited for all the same, for the sake of the order.
    await answer("e:1");
    expect([words().at(-1), outbox.pending]).toEqual(["c key-c", 1]);
  });

  it("is at once what was before", async () => {
    add("a", { signal: AbortSignal.abort() });
    await settle();
    expect([outcomes, outbox.pending, said]).toEqual([["a closed"], 0, []]);
  });

  it("is everything, in the end, and of what was said nobody knows", async () => {
    add("a");
    add("b");
    outbox.fail(new WsechoError("closed", "enough"));
    await settle();
    expect([outcomes, outbox.pending, world.timers]).toEqual([["a unknown", "b closed"], 0, 0]);
  });
});
