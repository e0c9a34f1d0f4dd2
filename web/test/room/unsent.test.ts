// SPDX-License-Identifier: MIT
// What was said in the page and is not in the room yet: kept, said again, or the writer's to decide.

import { beforeEach, expect, it } from "vitest";
import { type Room, WsechoError } from "wsecho";
import { Unsent } from "../../src/room/unsent";
import { settle } from "../lines";

interface Said {
  readonly what: string;
  readonly signal: AbortSignal;
  take(): void;
  fail(code: WsechoError["code"]): Promise<void>;
}

class FakeRoom {
  readonly said: Said[] = [];
  hasLeft = false;

  publish(data: string, { key, signal }: { key: string; signal: AbortSignal }): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.said.push({
        what: `${data} ${key}`,
        signal,
        take: () => resolve({ position: "e:1" }),
        fail: async (code) => {
          reject(new WsechoError(code, `${code} it was`));
          await settle();
        },
      });
    });
  }

  leave(): void {
    this.hasLeft = true;
    for (const { fail } of this.said) void fail("closed");
  }

  get latest(): Said {
    const said = this.said.at(-1);
    if (!said) throw new Error("nothing was said");
    return said;
  }
}

let room: FakeRoom;
let unsent: Unsent;
let now: number;
let changes: number;

const standings = (): string[] => unsent.items.map(({ data, standing }) => `${String(data)} ${standing}`);
const said = (): string[] => room.said.map(({ what }) => what);
const asRoom = (fake: FakeRoom): Room => fake as unknown as Room;

beforeEach(() => {
  [now, changes] = [0, 0];
  room = new FakeRoom();
  let keys = 0;
  unsent = new Unsent(asRoom(room), () => `key-${++keys}`, () => now, () => void (changes += 1));
  unsent.isConnected = true;
});

it("shows what is on its way until the room has it", async () => {
  unsent.add("a");
  expect(standings()).toEqual(["a sent"]);
  unsent.isConnected = false;
  expect(standings()).toEqual(["a waiting"]);
  room.latest.take();
  await settle();
  expect([standings(), said()]).toEqual([[], ["a key-1"]]);
});

it.each(["forbidden", "too_large", "bad_request", "over_limit"] as const)("shows what was refused, %s, until the writer decides", async (code) => {
  unsent.add("a");
  await room.latest.fail(code);
  expect([standings(), unsent.items[0]?.why]).toEqual([["a refused"], `${code} it was`]);
  unsent.sendAgain(1);
  expect([standings(), said()]).toEqual([["a sent"], ["a key-1", "a key-2"]]);
  await room.latest.fail(code);
  unsent.discard(1);
  expect(standings()).toEqual([]);
});

it("keeps what nobody could be told without a token, and says it then as something new", async () => {
  unsent.add("a");
  await room.latest.fail("unauthorized");
  now += 3_600_000;
  expect(standings()).toEqual(["a waiting"]);
  unsent.isConnected = true;
  expect([standings(), said()]).toEqual([["a sent"], ["a key-1", "a key-2"]]);
});

it("says again under its key what may have arrived, while the room knows that", async () => {
  unsent.add("a");
  await room.latest.fail("unknown");
  now += 269_000;
  unsent.isConnected = true;
  expect(said()).toEqual(["a key-1", "a key-1"]);
  await room.latest.fail("unknown");
  now += 2_000;
  unsent.isConnected = true;
  expect([standings(), said().length]).toEqual([["a unknown"], 2]);
  unsent.sendAgain(1);
  expect(said().at(-1)).toBe("a key-2");
});

it("leaves to the writer what was tried for long", async () => {
  unsent.add("a");
  now += 270_000;
  await room.latest.fail("unknown");
  expect(standings()).toEqual(["a unknown"]);
});

it("is given up by its writer", async () => {
  unsent.add("a");
  unsent.discard(1);
  expect([room.latest.signal.aborted, standings()]).toEqual([true, []]);
  await room.latest.fail("closed");
  expect(standings()).toEqual([]);
});

it("goes to the room that was joined again, in its order", async () => {
  unsent.add("a");
  unsent.add("b");
  const before = room;
  unsent.leave();
  room = new FakeRoom();
  unsent.moveTo(asRoom(room));
  await settle();
  expect([before.hasLeft, said()]).toEqual([true, ["a key-3", "b key-4"]]);
});
