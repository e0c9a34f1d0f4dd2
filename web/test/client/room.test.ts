// SPDX-License-Identifier: MIT
// A room over WAMP: nothing lost, nothing twice, one order, whatever line it comes by.

import { beforeEach, describe, expect, it } from "vitest";
import { type Message, type RoomOptions, WsechoError } from "../../src/api";
import { type Host, WampRoom } from "../../src/client/room";
import { type Happening, type Keywords, Refusal, TooLarge } from "../../src/net/line";
import { FakeWorld } from "../fakes";
import { FakeLine, settle } from "../lines";

const ME = "my-id";

let world: FakeWorld;
let room: WampRoom;
let line: FakeLine;
let shown: string[];
let messages: Message[];
let joined: string[];
let errors: string[];
let people: string[];
let host: { -readonly [Key in keyof Host]: Host[Key] };
let tooLarge: number[];
let hasLeft: boolean;

function join(options: RoomOptions = { history: 500 }, name = "main"): void {
  [shown, messages, joined, errors, people, tooLarge, hasLeft] = [[], [], [], [], [], [], false];
  host = {
    world,
    member: ME,
    isOffline: false,
    failure: null,
    check: () => undefined,
    onTooLarge: ({ size }) => void tooLarge.push(size),
    onLeft: () => void (hasLeft = true),
  };
  room = new WampRoom(host, name, options);
  room.on("message", (message) => {
    messages.push(message);
    shown.push(`${message.position} ${String(message.data)}${message.mine ? " mine" : ""}`);
  });
  room.on("gap", ({ from, to, reason }) => shown.push(`gap: ${from} to ${to}, ${reason}`));
  room.on("joined", ({ fetched, recovered }) => joined.push(`${fetched} ${recovered}`));
  room.on("error", ({ code, message }) => errors.push(`${code}: ${message}`));
  room.on("presence", ({ action, member, members }) => {
    people.push(`${action} ${member?.id ?? "-"}: ${members.map(({ id }) => id).join(" ")}`);
  });
}

/** What was asked of the line, which is then answered. */
const question = (): FakeLine["question"] => line.question;

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

/** Goes to another line, which is not answered yet. */
async function go(transport: "websocket" | "sse" = "websocket"): Promise<void> {
  line = new FakeLine(transport);
  room.enter(line).catch(() => undefined);
  await settle();
}

/** A new line that the room has entered behind a position. */
async function enter(position: string): Promise<void> {
  await go();
  question().answer([], { position });
  await settle();
}

beforeEach(() => {
  world = new FakeWorld();
  join();
});

describe("what comes in", () => {
  it("begins with what the room has kept, and is open only then", async () => {
    expect([room.joined, room.position]).toEqual([null, null]);
    await go();
    expect([line.topics, question().args]).toEqual([["wsecho.room.main"], [7]]);
    expect(question().kwargs).toEqual({ reverse: true, limit: 500 });
    // Said in between: one that the answer has in it, one behind it.
    line.hear(event("e:5"));
    line.hear(event("e:6"));
    expect([shown, joined]).toEqual([[], []]);
    question().answer([event("e:5"), event("e:4")], { position: "e:3" });
    await settle();
    line.hear(event("e:7"));
    expect([shown, joined, room.position]).toEqual([["e:4 e:4", "e:5 e:5", "e:6 e:6", "e:7 e:7"], ["2 null"], "e:7"]);
  });

  it("tells who said it, and when", async () => {
    await go();
    const past = { ...event("e:1"), timestamp: "2026-01-01T10:00:00.000Z" };
    const stamped = { ...event("e:2", "x", { time: 1_764_460_800_123, from: { id: "ann", name: "Ann" } }), timestamp: "2026-01-01T10:00:00.000Z" };
    question().answer([stamped, past], { position: "e:0" });
    await settle();
    line.hear(event("e:3", "mine", { time: 5, from: { id: ME } }));
    // What is no sender, and of when it was said nobody tells.
    line.hear(event("e:4", "x", { time: "now", from: "ann" }));
    expect(messages.map(({ time, from, mine }) => [time, from, mine])).toEqual([
      [Date.parse(past.timestamp), null, false],
      [1_764_460_800_123, { id: "ann", name: "Ann" }, false],
      [5, { id: ME, name: null }, true],
      [world.date().getTime(), null, false],
    ]);
  });

  it("overlaps two lines without a gap or a double", async () => {
    await enter("e:0");
    const old = line;
    old.hear(event("e:1"));
    await go("sse");
    expect(question().kwargs).toEqual({ after_position: "e:1" });
    for (const position of ["e:2", "e:3"]) old.hear(event(position));
    line.hear(event("e:3"));
    question().answer([event("e:2")], { position: "e:2" });
    await settle();
    question().answer([], { position: "e:2" });
    await settle();
    line.hear(event("e:4"));
    old.hear(event("e:4"));
    expect(shown).toEqual(["e:1 e:1", "e:2 e:2", "e:3 e:3", "e:4 e:4"]);
    expect(old.topics).toEqual([]);
  });

  it("resumes in as many answers as it takes, and says so", async () => {
    await enter("e:0");
    room.lost(line);
    await go("sse");
    line.hear(event("e:4"));
    question().answer([event("e:1"), event("e:2")], { position: "e:2", recovered: true });
    await settle();
    expect(question().kwargs).toEqual({ after_position: "e:2" });
    question().answer([event("e:3"), event("e:4")], { position: "e:4", recovered: true });
    await settle();
    question().answer([], { position: "e:4", recovered: true });
    await settle();
    expect(shown).toEqual(["e:1 e:1", "e:2 e:2", "e:3 e:3", "e:4 e:4"]);
    expect(joined).toEqual(["0 null", "4 true"]);
  });

  it("shows a gap, and what the room has kept, where it cannot resume", async () => {
    await enter("e:5");
    room.lost(line);
    await go("sse");
    question().answer([], { position: "f:2", recovered: false });
    await settle();
    expect(question().kwargs).toEqual({});
    question().answer([event("f:1"), event("f:2")], { position: "f:2" });
    await settle();
    question().answer([], { position: "f:2", recovered: true });
    await settle();
    line.hear(event("f:3"));
    expect(shown).toEqual(["gap: e:5 to f:0, history_lost", "f:1 f:1", "f:2 f:2", "f:3 f:3"]);
  });

  it.each([
    ["skipped messages", { ...event("e:9"), args: [], kwargs: { skipped: { from: "e:0", to: "e:2" } } }],
    ["a message that is not the next", event("e:3")],
  ])("fetches what is missing on %s", async (_what, told) => {
    await enter("e:0");
    line.hear(told);
    line.hear(event("e:3"));
    question().answer([event("e:1"), event("e:2")], { position: "e:2", recovered: true });
    await settle();
    question().answer([], { position: "e:2", recovered: true });
    await settle();
    expect(shown).toEqual(["e:1 e:1", "e:2 e:2", "e:3 e:3"]);
  });

  it("says so where what is missing cannot be had", async () => {
    await enter("e:0");
    line.hear(event("e:3"));
    question().answer([], { position: "e:3", recovered: true });
    await settle();
    expect(shown).toEqual(["gap: e:0 to e:2, not_kept", "e:3 e:3"]);
  });

  it("starts over when the room lost its past under a live line", async () => {
    await enter("e:5");
    line.hear({ publication: 1, args: [], kwargs: { position: "f:0", recovered: false } });
    question().answer([], { position: "f:0", recovered: false });
    await settle();
    question().answer([], { position: "f:0" });
    await settle();
    question().answer([], { position: "f:0", recovered: true });
    await settle();
    line.hear(event("f:1"));
    expect(shown).toEqual(["gap: e:5 to f:0, history_lost", "f:1 f:1"]);
  });

  it("tells binary from the text that JSON can only carry as binary", async () => {
    await enter("e:0");
    line.hear(event("e:1", Uint8Array.of(0, 97)));
    line.hear(event("e:2", Uint8Array.of(0, 97), { text: true }));
    expect(shown).toEqual(["e:1 0,97", "e:2 \0a"]);
  });

  it("tells all that a new epoch has kept, and what was not kept of it", async () => {
    await enter("e:5");
    room.lost(line);
    await go();
    question().answer([], { position: "f:4", recovered: false });
    await settle();
    question().answer([event("f:3"), event("f:4")], { position: "f:4" });
    await settle();
    question().answer([], { position: "f:4", recovered: true });
    await settle();
    expect([shown, joined.at(-1)]).toEqual([["gap: e:5 to f:2, history_lost", "f:3 f:3", "f:4 f:4"], "2 false"]);
  });

  it("starts over once, though two lines tell of it", async () => {
    await enter("e:5");
    const old = line;
    await go("sse");
    // The new one's answer comes first.
    question().answer([], { position: "f:1", recovered: false });
    old.hear({ publication: 1, args: [], kwargs: { position: "f:0", recovered: false } });
    await settle();
    question().answer([event("f:1")], { position: "f:1" });
    await settle();
    old.question.answer([], { position: "f:1", recovered: false });
    await settle();
    question().answer([], { position: "f:1", recovered: true });
    await settle();
    line.hear(event("f:2"));
    expect(shown).toEqual(["gap: e:5 to f:0, history_lost", "f:1 f:1", "f:2 f:2"]);
  });

  it("goes back where the room stands before what was read", async () => {
    join({ after: "e:999" });
    await go();
    question().answer([], { position: "e:2", recovered: false });
    await settle();
    question().answer([event("e:1"), event("e:2")], { position: "e:2" });
    await settle();
    question().answer([], { position: "e:2", recovered: true });
    await settle();
    line.hear(event("e:3"));
    expect(shown).toEqual(["gap: e:999 to e:0, history_lost", "e:1 e:1", "e:2 e:2", "e:3 e:3"]);
  });
});

describe("where it begins", () => {
  it.each([[undefined], [0]])("is where the room stands, with a history of %s", async (history) => {
    join(history === undefined ? {} : { history });
    await go();
    expect(question().kwargs).toEqual({ reverse: true, limit: 1 });
    question().answer([event("e:9")], { position: "e:8" });
    await settle();
    line.hear(event("e:10"));
    expect([shown, joined]).toEqual([["e:10 e:10"], ["0 null"]]);
  });

  it("is behind what was dealt with, across loads of a page", async () => {
    join({ after: "e:7", history: 50 });
    expect(room.position).toBe("e:7");
    await go();
    expect(question().kwargs).toEqual({ after_position: "e:7" });
    question().answer([event("e:8")], { position: "e:8", recovered: true });
    await settle();
    question().answer([], { position: "e:8", recovered: true });
    await settle();
    expect([shown, joined]).toEqual([["e:8 e:8"], ["1 true"]]);
  });

  it.each([
    [{ history: -1 }, "history"],
    [{ history: 1.5 }, "history"],
    [{ history: "5" as never }, "history"],
    [{ after: "" }, "after"],
    [{ after: "e" }, "after"],
    [{ after: "e:01" }, "after"],
    [{ after: "e:-1" }, "after"],
    [{ after: 7 as never }, "after"],
  ])("is none in %j", (options, name) => {
    expect(() => join(options)).toThrow(expect.objectContaining({ code: "bad_request", message: expect.stringContaining(`\`${name}\``) }));
  });
});

describe("changing lines", () => {
  it("stays on the one before where the next is no good", async () => {
    await enter("e:0");
    const before = line;
    line = new FakeLine("sse");
    const entering = room.enter(line);
    await settle();
    line.ends();
    await expect(entering).rejects.toThrow("gone");
    before.hear(event("e:1"));
    expect([shown, room.joined !== null, before.topics]).toEqual([["e:1 e:1"], true, ["wsecho.room.main"]]);
  });

  it("is joined on the one before though the next was tried before it was", async () => {
    await go();
    const before = line;
    line = new FakeLine("sse");
    const entering = room.enter(line);
    await settle();
    before.question.answer([], { position: "e:0" });
    await settle();
    line.ends();
    await expect(entering).rejects.toThrow("gone");
    expect(room.joined).not.toBeNull();
  });

  it("does not go back to the one before that was slower", async () => {
    await go();
    const before = line;
    await enter("e:0");
    before.question.answer([], { position: "e:0" });
    await settle();
    expect([before.topics, line.topics, joined]).toEqual([[], ["wsecho.room.main"], ["0 null"]]);
  });

  it("is not joined on a line that ended just then", async () => {
    await go();
    question().answer([], { position: "e:0" });
    room.lost(line);
    await settle();
    expect(room.joined).toBeNull();
  });

  it("tells nobody of a change without a break", async () => {
    await enter("e:0");
    await enter("e:0");
    expect(joined).toEqual(["0 null"]);
  });
});

describe("what was said earlier", () => {
  async function begin(positions: readonly string[], position: string): Promise<void> {
    await go();
    question().answer(positions.map((one) => event(one)), { position });
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
    expect(room.joined?.hasEarlier).toBe(offered === 1);
  });

  it("is fetched before what is shown, in its order, with who and when", async () => {
    await begin(["e:9", "e:8"], "e:7");
    const [first] = messages;
    if (!first) throw new Error("nothing was told");
    const fetched = room.earlier(first);
    expect(question()).toMatchObject({
      what: "wamp.subscription.get_events",
      kwargs: { reverse: true, limit: 500, before_publication: 1_008 },
    });
    const stamps = { time: 7, from: { id: ME } };
    question().answer([event("e:7"), event("e:6", "x", stamps)].map((one) => ({ ...one, timestamp: "2026-01-01T10:00:00.000Z" })), { position: "e:5" });
    const { messages: told, isAll } = await fetched;
    expect(told.map(({ position, mine, time }) => [position, mine, time])).toEqual([
      ["e:6", true, 7],
      ["e:7", false, Date.parse("2026-01-01T10:00:00.000Z")],
    ]);
    expect(isAll).toBe(false);
    // It was not heard, so that the live ones go on where they were.
    line.hear(event("e:10"));
    expect(shown).toEqual(["e:8 e:8", "e:9 e:9", "e:10 e:10"]);
  });

  it("has an end", async () => {
    await begin(["e:9"], "e:8");
    const some = room.earlier({ publication: 1_009 });
    question().answer([{ ...event("e:8"), timestamp: "2026-01-01T10:00:00Z" }], { position: "e:9" });
    expect((await some).isAll).toBe(true);
    const none = room.earlier({ publication: 1_008 });
    question().answer([], { position: "e:9" });
    expect(await none).toEqual({ messages: [], isAll: true });
  });

  it("cannot be had without a line, nor from one that ends", async () => {
    await expect(room.earlier({ publication: 1 })).rejects.toMatchObject({ code: "lost" });
    await begin(["e:9"], "e:8");
    const fetched = room.earlier({ publication: 1_009 });
    line.ends();
    await expect(fetched).rejects.toMatchObject({ code: "lost" });
  });
});

describe("who may speak", () => {
  it.each([
    ["wamp.error.invalid_argument", true],
    ["wamp.error.not_authorized", false],
    ["wamp.error.network_failure", true],
  ])("is asked without saying anything: %s", async (uri, may) => {
    await go();
    line.toSilence = new Refusal(uri, uri);
    const asked = room.mayPublish();
    question().answer([], { position: "e:0" });
    expect([await asked, line.asked]).toEqual([may, []]);
  });
});

describe("who is let in", () => {
  async function refuse(uri: string, text = uri): Promise<void> {
    await go();
    question().refuse(new Refusal(uri, text));
    await settle();
  }

  it("is told in words why not, and may be later", async () => {
    join({ presence: true });
    const waiting = [room.once("joined"), room.once("message")];
    await refuse("wamp.error.not_authorized");
    const why = "forbidden: you are not allowed to be in this room (wamp.error.not_authorized)";
    expect([errors, people, line.topics]).toEqual([[why], ["hidden -: "], []]);
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason.code)).toEqual(["forbidden", "forbidden"]);
    await expect(room.once("joined")).rejects.toMatchObject({ code: "forbidden" });
    await expect(room[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "forbidden" });
    room.retry();
    await settle();
    question().answer([], { position: "e:0" });
    expect(await room.once("joined")).toMatchObject({ position: "e:0" });
  });

  it("may speak all the same", async () => {
    const said = room.publish("x");
    await refuse("wamp.error.not_authorized");
    expect(question()).toMatchObject({ what: "wsecho.publish", args: ["main", "x"] });
    question().answer([], { position: "e:1" });
    expect(await said).toEqual({ position: "e:1" });
  });

  it("tells once that there is no place, and goes on to try", async () => {
    const full = () => new Refusal("wsecho.error.over_limit", "the room is full");
    await refuse("wsecho.error.over_limit");
    for (const [pause, told] of [[1_000, 0], [2_000, 1], [4_000, 1], [8_000, 1], [8_000, 1]] as const) {
      expect(line.asked.length).toBe(0);
      world.passes(pause);
      await settle();
      question().refuse(full());
      await settle();
      expect(errors.length).toBe(told);
    }
    expect(errors).toEqual([expect.stringContaining("over_limit")]);
    room.retry();
    await settle();
    question().answer([], { position: "e:0" });
    expect(await room.once("joined")).toMatchObject({ position: "e:0" });
    // Who has left hears no more of it, and asks for no place.
    await refuse("wsecho.error.over_limit");
    room.leave();
    world.passes(60_000);
    await settle();
    expect([errors.length, line.asked.length]).toEqual([1, 0]);
  });

  it.each(["wsecho.error.over_rate", "wamp.error.network_failure", "wamp.error.timeout"])(
    "waits for what passes: %s",
    async (uri) => {
      await refuse(uri);
      for (const pause of [1_000, 2_000, 4_000, 8_000, 8_000]) {
        expect([errors, line.asked.length]).toEqual([[], 0]);
        world.passes(pause);
        await settle();
        question().refuse(new Refusal(uri, uri));
        await settle();
      }
      world.passes(8_000);
      await settle();
      question().answer([], { position: "e:0" });
      expect(await room.once("joined")).toMatchObject({ position: "e:0" });
    },
  );

  it("is heard on no line before whose successor was refused", async () => {
    await enter("e:0");
    const before = line;
    await refuse("wamp.error.not_authorized");
    expect([before.topics, room.joined]).toEqual([[], null]);
  });
});

describe("what is missing and cannot be fetched", () => {
  beforeEach(async () => {
    await enter("e:0");
    line.hear(event("e:2"));
  });

  it("is asked for again where that passes, with all that came meanwhile", async () => {
    question().refuse(new Refusal("wamp.error.network_failure", "no bus"));
    await settle();
    line.hear(event("e:3"));
    expect([room.joined, errors]).toEqual([null, []]);
    world.passes(1_000);
    await settle();
    question().answer([event("e:1"), event("e:2"), event("e:3")], { position: "e:3", recovered: true });
    await settle();
    question().answer([], { position: "e:3", recovered: true });
    await settle();
    line.hear(event("e:4"));
    expect([shown, joined.at(-1)]).toEqual([["e:1 e:1", "e:2 e:2", "e:3 e:3", "e:4 e:4"], "3 true"]);
  });

  it("closes the room where it does not pass", async () => {
    question().refuse(new Refusal("wamp.error.not_authorized", "no"));
    await settle();
    expect([room.joined, errors]).toEqual([null, [expect.stringContaining("forbidden")]]);
  });
});

describe("who is here", () => {
  beforeEach(() => join({ presence: true }));

  it("is not asked where nobody wants to know", async () => {
    join();
    await enter("e:0");
    expect([line.topics, people]).toEqual([["wsecho.room.main"], []]);
  });

  it("is asked, and kept up to date by who comes and goes", async () => {
    await go();
    line.members = [member("ann"), member("bob"), "nonsense", { name: "nobody" }];
    question().answer([], { position: "e:0" });
    await settle();
    expect([line.topics, people]).toEqual([["wsecho.room.main", "wsecho.presence.main"], ["list -: ann bob"]]);
    line.hear(presence("join", "cid"), "wsecho.presence.");
    // It is known already.
    line.hear(presence("join", "ann"), "wsecho.presence.");
    line.hear(presence("leave", "bob"), "wsecho.presence.");
    line.hear({ publication: 1, args: [], kwargs: { action: "leave" } }, "wsecho.presence.");
    expect(people.slice(1)).toEqual(["join cid: ann bob cid", "leave bob: ann cid"]);
    expect(room.members).toMatchObject([{ id: "ann", name: "ANN", door: "wamp", since: new Date("2026-01-01T10:42:07Z") }, { id: "cid" }]);
  });

  it("is not lost while it is asked, nor told by a line that was left", async () => {
    await enter("e:0");
    const before = line;
    await go("sse");
    line.members = null;
    question().answer([], { position: "e:0" });
    await settle();
    expect(question()).toMatchObject({ what: "wsecho.members", args: ["main"] });
    line.hear(presence("join", "bob"), "wsecho.presence.");
    line.hear(presence("leave", "cid"), "wsecho.presence.");
    question().answer([[member("ann"), member("cid")]]);
    await settle();
    before.hear(presence("join", "ghost"), "wsecho.presence.");
    expect([people.at(-1), before.topics]).toEqual(["list -: ann bob", []]);
  });

  it("is hidden where the server keeps it to itself", async () => {
    await go();
    line.members = new Refusal("wamp.error.no_such_procedure", "none");
    question().answer([], { position: "e:0" });
    await settle();
    expect([people, room.joined !== null]).toEqual([["hidden -: "], true]);
  });
});

describe("what goes out", () => {
  it("waits for the room, then goes under a key, and is done when the room has it", async () => {
    const said = room.publish("early");
    expect(room.pending).toBe(1);
    await enter("e:0");
    expect(question()).toMatchObject({ what: "wsecho.publish", args: ["main", "early"], kwargs: { key: "key-1" } });
    question().answer([], { position: "e:1" });
    expect([await said, room.pending]).toEqual([{ position: "e:1" }, 0]);
  });

  it("goes again under its key over the next line, in order", async () => {
    await enter("e:0");
    const said = [room.publish("a"), room.publish("b", { key: "mine" })];
    room.lost(line);
    line.ends();
    await settle();
    expect(room.pending).toBe(2);
    await enter("e:0");
    expect(question()).toMatchObject({ args: ["main", "a"], kwargs: { key: "key-1" } });
    question().answer([], { position: "e:1" });
    await settle();
    expect(question()).toMatchObject({ args: ["main", "b"], kwargs: { key: "mine" } });
    question().answer([], { position: "e:2" });
    expect(await Promise.all(said)).toEqual([{ position: "e:1" }, { position: "e:2" }]);
  });

  it("does not go out offline, though the line is open", async () => {
    await enter("e:0");
    host.isOffline = true;
    room.flush();
    void room.publish("patience");
    await settle();
    expect(line.asked).toEqual([]);
    host.isOffline = false;
    room.flush();
    expect(question().args).toEqual(["main", "patience"]);
  });

  it.each([
    ["text", "text", {}],
    ["", "", {}],
    ["\0a", Uint8Array.of(0, 97), { text: true }],
    ["\ud800", "\ufffd", {}],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2), {}],
    [Uint8Array.of(9, 1, 2, 9).subarray(1, 3), Uint8Array.of(1, 2), {}],
    [Uint8Array.of(1, 2).buffer, Uint8Array.of(1, 2), {}],
    [new Blob([Uint8Array.of(1, 2)]), Uint8Array.of(1, 2), {}],
    [new File([Uint8Array.of(1, 2)], "x"), Uint8Array.of(1, 2), {}],
  ])("goes out as WAMP's JSON can carry it: %j", async (data, argument, more) => {
    await enter("e:0");
    const said = room.publish(data as string);
    await new Promise((resolve) => setTimeout(resolve, 0));
    await settle();
    expect([question().args, question().kwargs]).toEqual([["main", argument], { key: "key-1", ...more }]);
    question().answer([], { position: "e:1" });
    await said;
  });

  it("is what it was when it was given", async () => {
    const bytes = Uint8Array.of(1, 2);
    void room.publish(bytes);
    bytes.fill(9);
    await enter("e:0");
    expect(question().args[1]).toEqual(Uint8Array.of(1, 2));
  });

  it.each([[undefined], [null], [7], [{}], [[1, 2]], [new Uint16Array(2)]])("is not %j, which is neither text nor bytes", async (data) => {
    await expect(room.publish(data as never)).rejects.toMatchObject({ code: "bad_request", message: expect.stringContaining("`data`") });
    expect(room.pending).toBe(0);
  });

  it.each(["", "with space", "ü", "x".repeat(256)])("is under no key like %j", async (key) => {
    await expect(room.publish("x", { key })).rejects.toMatchObject({ code: "bad_request", message: expect.stringContaining("`key`") });
  });

  it("is rejected at once where it is known to be too large, else when it is found to be", async () => {
    await enter("e:0");
    const said = room.publish("x".repeat(100));
    question().refuse(new TooLarge(204, null));
    await expect(said).rejects.toMatchObject({ code: "too_large" });
    expect(tooLarge).toEqual([204]);
    host.check = (_against, size) => {
      if (size > 50) throw new TooLarge(size, 50);
    };
    await expect(room.publish("x".repeat(51))).rejects.toMatchObject({ code: "too_large" });
    expect(line.asked).toEqual([]);
  });

  it("is refused plainly", async () => {
    await enter("e:0");
    const said = room.publish("a");
    question().refuse(new Refusal("wamp.error.not_authorized", "wamp.error.not_authorized"));
    await expect(said).rejects.toMatchObject({
      code: "forbidden",
      uri: "wamp.error.not_authorized",
      message: "you are not allowed to speak (wamp.error.not_authorized)",
    });
  });

  it("is not taken while there is no connection to be had", async () => {
    host.failure = new WsechoError("unauthorized", "the token has expired");
    await expect(room.publish("x")).rejects.toMatchObject({ code: "unauthorized" });
  });
});

describe("leaving", () => {
  it("ends all that waits, and tells nothing more", async () => {
    await enter("e:0");
    const reader = room[Symbol.asyncIterator]();
    line.hear(event("e:1"));
    const waiting = [room.publish("a"), room.publish("b"), room.once("message")];
    room.leave();
    line.hear(event("e:2"));
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason.code)).toEqual(["unknown", "closed", "closed"]);
    expect([await reader.next(), await reader.next()]).toMatchObject([{ value: { position: "e:1" } }, { done: true }]);
    expect([line.topics, shown, errors, hasLeft, room.joined]).toEqual([[], ["e:1 e:1"], [], true, null]);
    await expect(room.publish("x")).rejects.toMatchObject({ code: "closed" });
    await expect(room.once("joined")).rejects.toMatchObject({ code: "closed" });
    expect(await room[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    room.leave();
    expect(world.timers).toBe(0);
  });

  it("is possible before the room was joined", async () => {
    await go();
    room.leave();
    question().answer([], { position: "e:0" });
    await settle();
    expect([line.topics, joined]).toEqual([[], []]);
  });
});

describe("whoever listens", () => {
  it("may throw, now or later, and harms nobody", async () => {
    const [now, later] = [new Error("now"), new Error("later")];
    room.on("message", () => {
      throw now;
    });
    room.on("message", (async () => Promise.reject(later)) as () => void);
    let last = "";
    room.on("message", ({ position }) => (last = position));
    await enter("e:0");
    line.hear(event("e:1"));
    await settle();
    expect([world.reported, last]).toEqual([[now, later], "e:1"]);
  });

  it("is told of nothing after it was taken off", async () => {
    await enter("e:0");
    const heard: string[] = [];
    const listener = ({ position }: Message): void => void heard.push(position);
    const offs = [room.on("message", listener), room.on("message", listener)];
    line.hear(event("e:1"));
    offs[0]?.();
    offs[0]?.();
    line.hear(event("e:2"));
    expect(heard).toEqual(["e:1", "e:1", "e:2"]);
  });

  it.each([["messages", () => undefined], ["toString", () => undefined], ["message", undefined]])("is told that there is no %s", (type, listener) => {
    expect(() => room.on(type as "message", listener as never)).toThrow(expect.objectContaining({ code: "bad_request" }));
  });
});
