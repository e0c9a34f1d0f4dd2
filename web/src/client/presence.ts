// SPDX-License-Identifier: MIT
// Who is in the room, as one line tells it: hears of comings and goings, then asks who was there.

import type { Member, Presence as Told } from "../api";
import { type Answer, type Happening, type Line, Refusal, type Subscription } from "../net/line";
import { presenceTopic } from "./topic";

const MEMBERS = "wsecho.members";

export class Presence {
  readonly #line: Line;
  readonly #room: string;
  readonly #onPresence: (told: Told) => void;
  #subscription: Subscription | null = null;
  /** By id; null until the line has told who was there before. */
  #members: Map<string, Member> | null = null;
  #held: Happening[] = [];
  #hasLeft = false;

  constructor(line: Line, room: string, onPresence: (told: Told) => void) {
    this.#line = line;
    this.#room = room;
    this.#onPresence = onPresence;
  }

  /** Never rejects: a line that ends is no news, and a room may keep it to itself. */
  async enter(): Promise<void> {
    try {
      const topic = presenceTopic(this.#room);
      this.#subscription = await this.#line.subscribe(topic, (event) => this.#heard(event));
      if (this.#hasLeft) return this.#subscription.unsubscribe();
      this.#begin(await this.#line.call(MEMBERS, [this.#room], {}));
    } catch (error) {
      if (error instanceof Refusal) this.#tell("hidden", null);
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
    this.#tell("list", null);
  }

  #heard(event: Happening): void {
    if (!this.#members) {
      this.#held.push(event);
      return;
    }
    const change = this.#take(event, this.#members);
    if (change) this.#tell(change.action, change.member);
  }

  /** Returns what has changed by it. */
  #take({ kwargs }: Happening, members: Map<string, Member>): Pick<Told, "action" | "member"> | null {
    const { action } = kwargs;
    const member = memberOf(kwargs["member"]);
    if (!member || (action !== "leave" && action !== "join")) return null;
    const wasHere = members.has(member.id);
    if (action === "leave") members.delete(member.id);
    else members.set(member.id, member);
    return wasHere === (action === "leave") ? { action, member } : null;
  }

  #tell(action: Told["action"], member: Member | null): void {
    if (!this.#hasLeft) this.#onPresence({ action, member, members: [...(this.#members?.values() ?? [])] });
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
