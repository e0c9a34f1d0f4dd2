// SPDX-License-Identifier: MIT
// Who is in the room, as one line tells it: hears of comings and goings, then asks who was there.

import { type Answer, type Happening, type Line, Refusal, type Subscription } from "../net/line";
import type { Member } from "./client";
import { presenceTopic } from "./topic";

const MEMBERS = "wsecho.members";

export class Presence {
  readonly #line: Line;
  readonly #room: string;
  readonly #onMembers: (members: readonly Member[] | null) => void;
  #subscription: Subscription | null = null;
  /** By id; null until the line has told who was there before. */
  #members: Map<string, Member> | null = null;
  #held: Happening[] = [];
  #hasLeft = false;

  constructor(line: Line, room: string, onMembers: (members: readonly Member[] | null) => void) {
    this.#line = line;
    this.#room = room;
    this.#onMembers = onMembers;
  }

  /** Never rejects: a line that ends is no news, and a room may keep it to itself. */
  async enter(): Promise<void> {
    try {
      const topic = presenceTopic(this.#room);
      this.#subscription = await this.#line.subscribe(topic, (event) => this.#heard(event));
      if (this.#hasLeft) return this.#subscription.unsubscribe();
      this.#begin(await this.#line.call(MEMBERS, [this.#room], {}));
    } catch (error) {
      if (error instanceof Refusal && !this.#hasLeft) this.#onMembers(null);
    }
  }

  leave(): void {
    this.#hasLeft = true;
    this.#subscription?.unsubscribe();
  }

  #begin({ args }: Answer): void {
    const [list] = args;
    const members = (Array.isArray(list) ? list : []).map(memberOf).filter((member) => member !== null);
    this.#members = new Map(members.map((member) => [member.id, member]));
    // What the answer had in it already does no harm twice.
    for (const event of this.#held) this.#take(event, this.#members);
    this.#held = [];
    this.#show();
  }

  #heard(event: Happening): void {
    if (!this.#members) {
      this.#held.push(event);
      return;
    }
    this.#take(event, this.#members);
    this.#show();
  }

  #take({ kwargs }: Happening, members: Map<string, Member>): void {
    const member = memberOf(kwargs["member"]);
    if (!member) return;
    if (kwargs["action"] === "leave") members.delete(member.id);
    else if (kwargs["action"] === "join") members.set(member.id, member);
  }

  #show(): void {
    if (this.#hasLeft || !this.#members) return;
    this.#onMembers([...this.#members.values()]);
  }
}

function memberOf(told: unknown): Member | null {
  if (typeof told !== "object" || told === null) return null;
  const { id, name, door, since } = told as Partial<Record<keyof Member, unknown>>;
  if (typeof id !== "string") return null;
  return {
    id,
    name: typeof name === "string" ? name : "",
    door: typeof door === "string" ? door : "",
    since: new Date(typeof since === "string" ? since : Number.NaN),
  };
}
