// SPDX-License-Identifier: MIT
// A room beside a model of the server, under accidents that are drawn: at the end it adds up.

import { expect, it } from "vitest";
import type { Message } from "../../src/api";
import { WampRoom } from "../../src/client/room";
import {
  type Answer,
  Gone,
  type Happening,
  type Keywords,
  type Line,
  Refusal,
  type Registration,
  type Subscription,
} from "../../src/net/line";
import { FakeWorld } from "../fakes";
import { settle } from "../lines";

/** What the server has, and whom it tells. */
class Model {
  readonly messages: string[] = [];
  readonly #keys = new Map<string, number>();
  readonly lines = new Set<ModelLine>();

  /** Takes a message once under its key; returns its offset. */
  publish(data: string, key: string): number {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const offset = this.messages.push(data);
    this.#keys.set(key, offset);
    for (const line of this.lines) line.tell(this.event(offset));
    return offset;
  }

  event(offset: number): Happening {
    return { publication: offset, args: [this.messages[offset - 1]], kwargs: { position: `e:${offset}` } };
  }
}

/** A line whose answers and events come one by one, when they are drawn, or never. */
class ModelLine implements Line {
  readonly transport = "websocket";
  readonly maxMessageSize = null;
  isDead = false;
  readonly #model: Model;
  readonly #coming: (() => void)[] = [];
  readonly #breakers = new Set<(error: Gone) => void>();
  #onEvent: ((event: Happening) => void) | null = null;

  constructor(model: Model) {
    this.#model = model;
  }

  get hasMore(): boolean {
    return this.#coming.length > 0;
  }

  arrive(): void {
    this.#coming.shift()?.();
  }

  tell(event: Happening): void {
    this.#coming.push(() => this.#onEvent?.(event));
  }

  /** Leaves out what is on its way to a slow reader, and says so; answers come all the same. */
  skip(): void {
    const at = this.#coming.length;
    this.tell({ publication: 0, args: [], kwargs: { skipped: { from: "e:0", to: `e:${at}` } } });
  }

  die(): void {
    this.isDead = true;
    this.#coming.length = 0;
    this.#model.lines.delete(this);
    for (const breaks of this.#breakers) breaks(new Gone("gone"));
  }

  async subscribe(_topic: string, onEvent: (event: Happening) => void): Promise<Subscription> {
    await this.#ask(() => {
      this.#model.lines.add(this);
      return { args: [], kwargs: {} };
    });
    this.#onEvent = onEvent;
    return { id: 7, unsubscribe: () => void this.#model.lines.delete(this) };
  }

  register(): Promise<Registration> {
    return Promise.reject(new Refusal("none", "none"));
  }

  publish(): Promise<number> {
    return Promise.reject(new Refusal("none", "none"));
  }

  unanswered(): number {
    return 0;
  }

  call(procedure: string, args: readonly unknown[], kwargs: Keywords): Promise<Answer> {
    return this.#ask(() => (procedure === "wsecho.publish" ? this.#said(args, kwargs) : this.#past(kwargs)));
  }

  #said([, data]: readonly unknown[], { key }: Keywords): Answer {
    return { args: [], kwargs: { position: `e:${this.#model.publish(String(data), String(key))}` } };
  }

  /** At most three at a time, so that it takes several answers. */
  #past({ after_position: after, reverse, limit }: Keywords): Answer {
    const count = this.#model.messages.length;
    if (reverse) {
      const first = Math.max(1, count - Number(limit) + 1);
      const offsets = Array.from({ length: count - first + 1 }, (_, index) => count - index);
      return { args: offsets.map((offset) => this.#model.event(offset)), kwargs: { position: `e:${first - 1}` } };
    }
    const from = Number(String(after).split(":")[1]);
    const offsets = Array.from({ length: Math.min(3, count - from) }, (_, index) => from + index + 1);
    const position = `e:${offsets.at(-1) ?? from}`;
    return { args: offsets.map((offset) => this.#model.event(offset)), kwargs: { position, recovered: true } };
  }

  /** The server does it at once; its answer is on its way behind what it said before. */
  #ask(does: () => Answer): Promise<Answer> {
    if (this.isDead) return Promise.reject(new Gone("gone"));
    return new Promise((resolve, reject) => {
      this.#breakers.add(reject);
      const answer = does();
      this.#coming.push(() => {
        this.#breakers.delete(reject);
        resolve(answer);
      });
    });
  }
}

/** Mulberry32: the same numbers from the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

async function play(seed: number): Promise<void> {
  const draw = dice(seed);
  const [world, model] = [new FakeWorld(), new Model()];
  const host = {
    ...{ world, member: "me", isOffline: false, failure: null },
    ...{ check: () => undefined, onTooLarge: () => undefined, onLeft: () => undefined },
  };
  const room = new WampRoom(host, "main", { history: 1_000 });
  const heard: Message[] = [];
  const gaps: unknown[] = [];
  const said: Promise<{ readonly position: string }>[] = [];
  room.on("message", (message) => heard.push(message));
  room.on("gap", (gap) => gaps.push(gap));
  let lines: ModelLine[] = [];
  let others = 0;

  const open = (): void => {
    const line = new ModelLine(model);
    lines.push(line);
    room.enter(line).catch(() => undefined);
  };
  const kill = (line: ModelLine): void => {
    line.die();
    room.lost(line);
    lines = lines.filter((other) => other !== line);
  };
  const accidents: (() => void)[] = [
    () => void (lines.length < 2 && open()),
    () => {
      const line = lines[draw(lines.length || 1)];
      if (line && draw(3) === 0) kill(line);
    },
    () => void said.push(room.publish(`mine ${said.length}`)),
    () => void model.publish(`other ${++others}`, `other ${others}`),
    () => void (draw(4) === 0 && lines[0]?.skip()),
    ...Array.from({ length: 6 }, () => () => lines[draw(lines.length || 1)]?.arrive()),
  ];
  for (let step = 0; step < 120; step++) {
    accidents[draw(accidents.length)]?.();
    if (draw(2) === 0) await settle();
  }
  // Then all is well.
  for (const line of [...lines]) kill(line);
  open();
  for (let turn = 0; turn < 500; turn++) {
    lines[0]?.arrive();
    await settle();
    if (!lines[0]?.hasMore && room.pending === 0) break;
  }
  expect(heard.map(({ data }) => data)).toEqual(model.messages);
  expect([model.messages.length, new Set(model.messages).size]).toEqual([said.length + others, said.length + others]);
  const positions = (await Promise.all(said)).map(({ position }) => Number(position.split(":")[1]));
  expect(positions.map((offset) => model.messages[offset - 1])).toEqual(said.map((_, index) => `mine ${index}`));
  expect(positions).toEqual(positions.toSorted((one, other) => one - other));
  expect(gaps).toEqual([]);
}

it("adds up, whatever is cut, in whatever order", async () => {
  for (let seed = 1; seed <= 150; seed++) {
    await play(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
  }
}, 60_000);
