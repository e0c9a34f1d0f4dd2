// SPDX-License-Identifier: MIT
// Tokens: by text, by a function that may fail, throw or hang, and again before they expire.

import { beforeEach, describe, expect, it } from "vitest";
import type { Token } from "../../src/api";
import { Credentials } from "../../src/client/credentials";
import { memberId } from "../../src/client/member";
import { Renewal } from "../../src/client/renewal";
import { Refusal } from "../../src/net/line";
import { FakeWorld } from "../fakes";
import { FakeLine, settle } from "../lines";

const SECRET = "a-secret-of-this-tab";

function tokenOf(claims: unknown): string {
  return `e30.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.c2ln`;
}

let world: FakeWorld;

const credentials = (token: unknown, member: unknown = SECRET): Credentials =>
  new Credentials(world, member as string, token as Token);

beforeEach(() => (world = new FakeWorld()));

describe("arguments", () => {
  it.each(["short", "x".repeat(65), "with a space in it", "", 7, null])("takes no %j for a member", (member) => {
    expect(() => credentials(null, member)).toThrow(expect.objectContaining({ code: "bad_request", message: expect.stringContaining("`member`") }));
  });

  it.each(["", " ", 7, {}, undefined])("takes no %j for a token", (token) => {
    expect(() => credentials(token)).toThrow(expect.objectContaining({ code: "bad_request", message: expect.stringContaining("`token`") }));
  });
});

describe("a function", () => {
  it.each([
    [() => { throw new Error("no network"); }, "unauthorized", "the function `token` failed: no network"],
    [() => Promise.reject(new TypeError("fetch failed")), "unauthorized", "the function `token` failed: fetch failed"],
    [() => undefined, "bad_request", "`token` gave no text"],
    [async () => ({ token: "x" }), "bad_request", "`token` gave no text"],
    [async () => "", "bad_request", "`token` gave no text"],
  ])("that gives none is told of: %s", async (source, code, message) => {
    await expect(credentials(source).renew()).rejects.toMatchObject({ code, message });
    expect(world.timers).toBe(0);
  });

  it("that hangs is not waited for", async () => {
    const renewing = credentials(() => new Promise(() => undefined)).renew();
    const refused = expect(renewing).rejects.toThrow("the function `token` did not answer within 10 s");
    world.passes(10_000);
    await refused;
  });

  it("gives another id with another subject", async () => {
    let sub = "ann";
    const mine = credentials(() => tokenOf({ sub }));
    expect(mine.member).toBe(memberId(SECRET, ""));
    await mine.renew();
    expect(mine.member).toBe(memberId(SECRET, "ann"));
    sub = "bob";
    await mine.renew();
    expect([mine.member, mine.token]).toEqual([memberId(SECRET, "bob"), tokenOf({ sub })]);
  });

  it("does not replace what was given by hand meanwhile", async () => {
    let give: (token: string) => void = () => undefined;
    const mine = credentials(() => new Promise<string>((resolve) => (give = resolve)));
    const renewing = mine.renew();
    mine.present("by-hand");
    give("late");
    await renewing;
    expect([mine.token, mine.isRenewable]).toEqual(["by-hand", false]);
  });
});

describe("renewal", () => {
  let line: FakeLine;
  let asked: number;
  let startedOver: number;
  let mine: Credentials;
  let renewal: Renewal;

  /** Seconds from now. */
  const until = (seconds: number): string => tokenOf({ sub: "ann", exp: world.date().getTime() / 1_000 + seconds });

  async function watch(source: Token): Promise<void> {
    [asked, startedOver] = [0, 0];
    line = new FakeLine("websocket");
    mine = credentials(source);
    await mine.renew();
    renewal = new Renewal(world, mine, () => void (startedOver += 1));
    renewal.watch(line);
  }

  async function passes(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 500) {
      world.passes(500);
      await settle();
    }
  }

  it("shows another 30 s before the one in use expires, again and again", async () => {
    await watch(() => {
      asked += 1;
      return until(100);
    });
    for (let times = 2; times < 5; times++) {
      await passes(69_500);
      expect([asked, line.asked.length]).toEqual([times - 1, 0]);
      await passes(500);
      expect([asked, line.question]).toMatchObject([times, { what: "wsecho.token", args: [mine.token] }]);
      line.question.answer();
      await settle();
    }
    expect(startedOver).toBe(0);
  });

  it("begins anew where the line takes no other", async () => {
    await watch(() => until(10));
    await passes(5_000);
    line.question.refuse(new Refusal("wamp.error.no_such_procedure", "no"));
    await settle();
    expect(startedOver).toBe(1);
  });

  it("tries again where nobody gives one", async () => {
    let fails = false;
    await watch(() => {
      asked += 1;
      if (fails) throw new Error("no network");
      return until(60);
    });
    fails = true;
    await passes(40_500);
    expect([asked, line.asked.length]).toEqual([4, 0]);
    fails = false;
    await passes(5_000);
    expect(line.question.what).toBe("wsecho.token");
  });

  it.each([["text", () => until(10)], ["no expiry", () => () => tokenOf({})], ["far away", () => () => until(1e9)]])(
    "leaves alone what it cannot renew, or need not: %s",
    async (_what, token) => {
      await watch(token());
      await passes(120_000);
      expect([line.asked.length, startedOver]).toEqual([0, 0]);
      renewal.stop();
      expect(world.timers).toBe(0);
    },
  );
});
