// SPDX-License-Identifier: MIT
// A room over WAMP: nothing lost, nothing twice, one order, whatever line it comes by.

import { beforeEach, describe, expect, it } from "vitest";
import type { Tenant } from "../../src/ladder/tenant";
import { type Happening, type Keywords, Refusal } from "../../src/net/line";
import type { State } from "../../src/net/status";
import type { Outgoing } from "../../src/room/client";
import { WampRoom } from "../../src/room/wamp";
import { FakeWorld } from "../fakes";
import { FakeLine, settle } from "../lines";

let world: FakeWorld;
let room: WampRoom;
let tenant: Tenant | null;
let line: FakeLine;
let shown: string[];
let own: string[];
let outgoing: readonly Outgoing[];
let moments: (Date | null)[];
let states: string[];
let remedies: string[];
let people: string[];
let speaking: boolean[];
let earlier: number;
let renewed: number;

function join(name = "main", leftOver: readonly Outgoing[] = []): void {
  [shown, own, outgoing, states] = [[], [], [], []];
  [remedies, people, speaking, moments] = [[], [], [], []];
  [renewed, earlier] = [0, 0];
  const lodging = {
    serve: (who: Tenant) => {
      tenant = who;
      return () => (tenant = null);
    },
    retry: () => undefined,
    renew: () => void (renewed += 1),
  };
  room = new WampRoom(world, lodging, name, {
    onStatus: ({ state, why, remedy }) => {
      states.push(why ? `${state}: ${why}` : state);
      remedies.push(remedy);
    },
    onMessage: ({ position, payload, own, at }) => {
      shown.push(`${position} ${String(payload)}${own ? " own" : ""}`);
      moments.push(at);
    },
    onOwn: (position) => own.push(position),
    onOutgoing: (items) => (outgoing = items),
    onGap: (why) => shown.push(`gap: ${why}`),
    onResumed: (fetched) => shown.push(`resumed: ${fetched}`),
    onEarlier: () => void (earlier += 1),
    onMaySpeak: (maySpeak) => speaking.push(maySpeak),
    onMembers: (members) => people.push(members ? members.map(({ id }) => id).join(" ") : "untold"),
  }, leftOver);
  room.start();
}

function status(state: State): void {
  tenant?.onStatus({ state, transport: "websocket", why: "", retryAt: null, remedy: "retry" });
}

function event(position: string, payload: unknown = position, more: Keywords = {}): Happening {
  const publication = Number(position.slice(position.indexOf(":") + 1)) + 1_000;
  return { publication, args: [payload], kwargs: { position, ...more } };
}

function member(id: string): Keywords {
  return { id, name: id.toUpperCase(), door: "wamp", since: "2026-01-01T10:42:07Z" };
}

function presence(action: "join" | "leave", id: string): Happening {
  return { publication: 1, args: [], kwargs: { action, member: member(id) } };
}

/** A new line that the room has entered behind a position. */
async function enter(position: string): Promise<void> {
  line = new FakeLine("websocket");
  void tenant?.onLine(line);
  await settle();
  line.question.answer([], { position });
  await settle();
}

const standings = (): string[] => outgoing.map(({ payload, standing }) => `${String(payload)} ${standing}`);

beforeEach(() => {
  world = new FakeWorld();
  join();
  status("open");
});

describe("what comes in", () => {
  it("begins with what the room has kept, and is open only then", async () => {
    expect(states).toEqual(["connecting"]);
    line = new FakeLine("websocket");
    void tenant?.onLine(line);
    await settle();
    expect([line.topics, line.question.args]).toEqual([["wsecho.room.main"], [7]]);
    expect(line.question.kwargs).toEqual({ reverse: true, limit: 500 });
    // Said in between: one that the answer has in it, one behind it.
    line.hear(event("e:5"));
    line.hear(event("e:6"));
    expect([shown, states.at(-1)]).toEqual([[], "connecting"]);
    line.question.answer([event("e:5"), event("e:4")], { position: "e:3" });
    await settle();
    line.hear(event("e:7"));
    expect([shown, states.at(-1)]).toEqual([["e:4 e:4", "e:5 e:5", "e:6 e:6", "e:7 e:7"], "open"]);
  });

  it("tells when the past was said, and leaves the present to the clock", async () => {
    line = new FakeLine("websocket");
    void tenant?.onLine(line);
    await settle();
    const past = { ...event("e:1"), timestamp: "2026-01-01T10:00:00.000Z" };
    line.question.answer([past], { position: "e:0" });
    await settle();
    line.hear(event("e:2"));
    expect(moments).toEqual([new Date(past.timestamp), null]);
  });

  it("overlaps two lines without a gap or a double", async () => {
    await enter("e:0");
    const old = line;
    old.hear(event("e:1"));
    line = new FakeLine("sse");
    void tenant?.onLine(line);
    await settle();
    expect(line.question.kwargs).toEqual({ after_position: "e:1" });
    for (const position of ["e:2", "e:3"]) old.hear(event(position));
    line.hear(event("e:3"));
    line.question.answer([event("e:2")], { position: "e:2" });
    await settle();
    line.question.answer([], { position: "e:2" });
    await settle();
    line.hear(event("e:4"));
    old.hear(event("e:4"));
    expect(shown).toEqual(["e:1 e:1", "e:2 e:2", "e:3 e:3", "e:4 e:4"]);
    expect(old.topics).toEqual([]);
  });

  it("resumes in as many answers as it takes, and says so", async () => {
    await enter("e:0");
    tenant?.onLost(line, "gone");
    line = new FakeLine("sse");
    void tenant?.onLine(line);
    await settle();
    line.hear(event("e:4"));
    line.question.answer([event("e:1"), event("e:2")], { position: "e:2", recovered: true });
    await settle();
    expect(line.question.kwargs).toEqual({ after_position: "e:2" });
    line.question.answer([event("e:3"), event("e:4")], { position: "e:4", recovered: true });
    await settle();
    line.question.answer([], { position: "e:4", recovered: true });
    await settle();
    expect(shown).toEqual(["e:1 e:1", "e:2 e:2", "e:3 e:3", "e:4 e:4", "resumed: 4"]);
  });

  it("shows a gap, and what the room has kept, where it cannot resume", async () => {
    await enter("e:5");
    tenant?.onLost(line, "gone");
    line = new FakeLine("sse");
    void tenant?.onLine(line);
    await settle();
    line.question.answer([], { position: "f:2", recovered: false });
    await settle();
    expect(line.question.kwargs).toEqual({});
    line.question.answer([event("f:1"), event("f:2")], { position: "f:2" });
    await settle();
    line.question.answer([], { position: "f:2", recovered: true });
    await settle();
    line.hear(event("f:3"));
    expect(shown).toEqual(["gap: the room’s past was lost, and what was said meanwhile may be missing here", "f:1 f:1", "f:2 f:2", "f:3 f:3"]);
  });

  it.each([
    ["skipped messages", { ...event("e:9"), args: [], kwargs: { skipped: { from: "e:0", to: "e:2" } } }],
    ["a message that is not the next", event("e:3")],
  ])("fetches what is missing on %s", async (_what, told) => {
    await enter("e:0");
    line.hear(told);
    line.hear(event("e:3"));
    line.question.answer([event("e:1"), event("e:2")], { position: "e:2", recovered: true });
    await settle();
    line.question.answer([], { position: "e:2", recovered: true });
    await settle();
    expect(shown).toEqual(["e:1 e:1", "e:2 e:2", "e:3 e:3"]);
  });

  it("says so where what is missing cannot be had", async () => {
    await enter("e:0");
    line.hear(event("e:3"));
    line.question.answer([], { position: "e:3", recovered: true });
    await settle();
    expect(shown).toEqual(["gap: some messages were not kept", "e:3 e:3"]);
  });

  it("starts over when the room lost its past under a live line", async () => {
    await enter("e:5");
    line.hear({ publication: 1, args: [], kwargs: { position: "f:0", recovered: false } });
    line.question.answer([], { position: "f:0", recovered: false });
    await settle();
    line.question.answer([], { position: "f:0" });
    await settle();
    line.question.answer([], { position: "f:0", recovered: true });
    await settle();
    line.hear(event("f:1"));
    expect(shown).toEqual(["gap: the room’s past was lost, and what was said meanwhile may be missing here", "f:1 f:1"]);
  });

  it("tells binary from the text that JSON can only carry as binary", async () => {
    await enter("e:0");
    line.hear(event("e:1", Uint8Array.of(0, 97)));
    line.hear(event("e:2", Uint8Array.of(0, 97), { text: true }));
    expect(shown).toEqual(["e:1 0,97", "e:2 \0a"]);
  });

});

describe("what was said earlier", () => {
  async function begin(positions: readonly string[], position: string): Promise<void> {
    line = new FakeLine("websocket");
    void tenant?.onLine(line);
    await settle();
    line.question.answer(positions.map((one) => event(one)), { position });
    await settle();
  }

  it.each([
    [["e:9", "e:8"], "e:7", 1],
    // Then the position is where the room stands.
    [["e:9", "e:8"], "e:9", 0],
    [["e:9", "e:8"], "e:12", 0],
    [[], "e:9", 0],
  ])("is offered behind %j up to %s: %d", async (positions, position, offered) => {
    await begin(positions, position);
    expect(earlier).toBe(offered);
  });

  it("is fetched before what is shown, in its order, with who and when", async () => {
    await begin(["e:9", "e:8"], "e:7");
    room.send("mine");
    line.question.answer([1_006]);
    await settle();
    const fetched = room.earlier(1_008);
    expect(line.question).toMatchObject({
      what: "wamp.subscription.get_events",
      kwargs: { reverse: true, limit: 500, before_publication: 1_008 },
    });
    const timestamp = "2026-01-01T10:00:00.000Z";
    line.question.answer(["e:7", "e:6"].map((one) => ({ ...event(one), timestamp })), { position: "e:5" });
    const { messages, isAll } = await fetched;
    expect(messages.map(({ position, own, at }) => [position, own, at])).toEqual([
      ["e:6", true, new Date(timestamp)],
      ["e:7", false, new Date(timestamp)],
    ]);
    expect(isAll).toBe(false);
    // It was not heard, so that the live ones go on where they were.
    line.hear(event("e:10"));
    expect(shown).toEqual(["e:8 e:8", "e:9 e:9", "e:10 e:10"]);
  });

  it("has an end", async () => {
    await begin(["e:9"], "e:8");
    const some = room.earlier(1_009);
    line.question.answer([{ ...event("e:8"), timestamp: "2026-01-01T10:00:00Z" }], { position: "e:9" });
    expect((await some).isAll).toBe(true);
    const none = room.earlier(1_008);
    line.question.answer([], { position: "e:9" });
    expect(await none).toEqual({ messages: [], isAll: true });
  });

  it("cannot be had without a line, nor from one that ends", async () => {
    await expect(room.earlier(1)).rejects.toThrow();
    await begin(["e:9"], "e:8");
    const fetched = room.earlier(1_009);
    line.ends();
    await expect(fetched).rejects.toThrow();
  });

  it("marks what is one's own as often as it is shown", async () => {
    await begin([], "e:0");
    room.send("mine");
    line.question.answer([1_001]);
    await settle();
    line.hear(event("e:1"));
    expect(shown).toEqual(["e:1 e:1 own"]);
    const fetched = room.earlier(1_002);
    line.question.answer([{ ...event("e:1"), timestamp: "2026-01-01T10:00:00Z" }], { position: "e:1" });
    expect((await fetched).messages).toMatchObject([{ position: "e:1", own: true }]);
  });
});

describe("who may speak", () => {
  it.each([
    ["wamp.error.invalid_argument", [true]],
    ["wamp.error.not_authorized", [false]],
    // Then it is not known, and to be tried.
    ["wsecho.error.over_rate", [true]],
  ])("is told by %s: %j", async (uri, told) => {
    line = new FakeLine("websocket");
    line.toSilence = new Refusal(uri, "no");
    void tenant?.onLine(line);
    await settle();
    line.question.answer([], { position: "e:0" });
    await settle();
    expect(speaking).toEqual(told);
  });

  it("is not told by a line that was left", async () => {
    line = new FakeLine("websocket");
    void tenant?.onLine(line);
    await settle();
    line.question.answer([], { position: "e:0" });
    room.leave();
    await settle();
    expect(speaking).toEqual([]);
  });
});

describe("who may come in", () => {
  async function refuse(refusal: Refusal): Promise<void> {
    line = new FakeLine("websocket");
    void tenant?.onLine(line);
    await settle();
    line.question.refuse(refusal);
    await settle();
  }

  it("is closed where the room does not let it in, and begins anew when asked to", async () => {
    await refuse(new Refusal("wsecho.error.over_limit", "too many members"));
    expect([states.at(-1), remedies.at(-1), people]).toEqual(["closed: too many members", "retry", ["untold"]]);
    room.retry();
    expect(renewed).toBe(1);
  });

  it("asks for another token where this one does not do", async () => {
    await refuse(new Refusal("wamp.error.not_authorized", "wamp.error.not_authorized"));
    expect([states.at(-1), remedies.at(-1)]).toEqual([
      "closed: you are not allowed to be in this room (wamp.error.not_authorized)",
      "token",
    ]);
    tenant?.onLost(line, "the connection was changed");
    await enter("e:0");
    expect([states.at(-1), remedies.at(-1)]).toEqual(["open", "retry"]);
  });

  it("keeps what was said, and says plainly what may not be", async () => {
    await enter("e:0");
    room.send("a");
    line.question.refuse(new Refusal("wamp.error.not_authorized", "wamp.error.not_authorized"));
    await settle();
    expect(outgoing).toMatchObject([
      { standing: "refused", why: "you are not allowed to speak (wamp.error.not_authorized)" },
    ]);
  });

  it("has nothing more of a line whose successor was refused", async () => {
    await enter("e:0");
    const before = line;
    room.send("a");
    line = new FakeLine("sse");
    void tenant?.onLine(line);
    await settle();
    line.question.refuse(new Refusal("wamp.error.not_authorized", "no"));
    await settle();
    expect([standings(), before.topics, remedies.at(-1)]).toEqual([["a waiting"], [], "token"]);
  });
});

describe("who is here", () => {
  it("is asked, and kept up to date by who comes and goes", async () => {
    line = new FakeLine("websocket");
    line.members = [member("ann"), member("bob"), "nonsense", { name: "nobody" }];
    void tenant?.onLine(line);
    await settle();
    line.question.answer([], { position: "e:0" });
    await settle();
    expect([line.topics, people]).toEqual([["wsecho.room.main", "wsecho.presence.main"], ["ann bob"]]);
    line.hear(presence("join", "cid"), "presence");
    line.hear(presence("join", "ann"), "presence");
    line.hear(presence("leave", "bob"), "presence");
    line.hear({ publication: 1, args: [], kwargs: { action: "leave" } }, "presence");
    expect(people.slice(1)).toEqual(["ann bob cid", "ann bob cid", "ann cid", "ann cid"]);
  });

  it("is not lost while it is asked, nor told by a line that was left", async () => {
    await enter("e:0");
    const before = line;
    line = new FakeLine("sse");
    line.members = null;
    void tenant?.onLine(line);
    await settle();
    line.question.answer([], { position: "e:0" });
    await settle();
    expect(line.question).toMatchObject({ what: "wsecho.members", args: ["main"] });
    line.hear(presence("join", "bob"), "presence");
    line.hear(presence("leave", "cid"), "presence");
    line.question.answer([[member("ann"), member("cid")]]);
    await settle();
    before.hear(presence("join", "ghost"), "presence");
    expect([people.at(-1), before.topics]).toEqual(["ann bob", []]);
  });

  it("is shown as untold where the server keeps it to itself", async () => {
    line = new FakeLine("websocket");
    line.members = new Refusal("wamp.error.no_such_procedure", "none");
    void tenant?.onLine(line);
    await settle();
    line.question.answer([], { position: "e:0" });
    await settle();
    expect([people, states.at(-1)]).toEqual([["untold"], "open"]);
  });
});

describe("after a break", () => {
  it("says that nothing was missed, and says it not of a change without one", async () => {
    await enter("e:0");
    tenant?.onLost(line, "gone");
    await enter("e:0");
    await enter("e:0");
    expect(shown).toEqual(["resumed: 0"]);
  });
});

describe("what goes out", () => {
  it("waits for the room, then goes under a key, and is done when the room has it", async () => {
    room.send("early");
    expect(standings()).toEqual(["early waiting"]);
    await enter("e:0");
    expect(line.question).toMatchObject({ what: "wsecho.room.main", args: ["early"], kwargs: { key: "key-1" } });
    line.question.answer([1_001]);
    await settle();
    line.hear(event("e:1", "early"));
    expect([shown, outgoing]).toEqual([["e:1 early own"], []]);
  });

  it("knows its own also when it is shown before it is known to be taken", async () => {
    await enter("e:0");
    room.send("mine");
    line.hear(event("e:1", "mine"));
    line.question.answer([1_001]);
    await settle();
    expect([shown, own, outgoing]).toEqual([["e:1 mine"], ["e:1"], []]);
  });

  it("goes again under its key over the next line, in order", async () => {
    await enter("e:0");
    room.send("a");
    room.send("b");
    line.ends();
    tenant?.onLost(line, "gone");
    await settle();
    expect(standings()).toEqual(["a waiting", "b waiting"]);
    await enter("e:0");
    expect(line.asked.map(({ args, kwargs }) => [args[0], kwargs["key"]])).toEqual([["a", "key-1"], ["b", "key-2"]]);
  });

  it("does not go out offline, though the line is open", async () => {
    await enter("e:0");
    status("offline");
    room.send("patience");
    expect(line.asked).toEqual([]);
    status("open");
    expect(line.question.args).toEqual(["patience"]);
  });

  it("is tried again by itself where the server is only busy, and shown where it says no", async () => {
    await enter("e:0");
    room.send("a");
    line.question.refuse(new Refusal("wsecho.error.over_rate", "slowly"));
    await settle();
    expect(standings()).toEqual(["a waiting"]);
    world.passes(1_000);
    expect(line.question.kwargs).toEqual({ key: "key-1" });
    line.question.refuse(new Refusal("wamp.error.invalid_argument", "not like this"));
    await settle();
    expect(outgoing).toMatchObject([{ standing: "refused", why: "not like this" }]);
    room.sendAgain(1);
    expect(line.question.kwargs).toEqual({ key: "key-2" });
  });

  it("marks text that JSON would have for binary, and mends what no UTF-8 can carry", async () => {
    await enter("e:0");
    room.send("\0a");
    room.send("\ud800");
    expect(line.asked.map(({ args, kwargs }) => [args[0], kwargs["text"]])).toEqual([
      [Uint8Array.of(0, 97), true],
      ["\ufffd", undefined],
    ]);
  });

  it("is handed over on leaving, and an answer that comes late harms nobody", async () => {
    await enter("e:0");
    room.send("a");
    const leftOver = room.leave();
    const before = outgoing;
    line.question.answer([1_001]);
    line.hear(event("e:1", "a"));
    await settle();
    expect([line.topics, tenant, shown, outgoing === before]).toEqual([[], null, [], true]);
    join("main", leftOver);
    status("open");
    await enter("e:1");
    expect(line.question).toMatchObject({ args: ["a"], kwargs: { key: "key-1" } });
  });
});
