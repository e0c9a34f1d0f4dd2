// SPDX-License-Identifier: MIT
// The library as its user has it: AutobahnJS's own sessions, a router under the test's hand.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ConnectOptions, Result, type Status, WsechoError } from "../../src/api";
import { WampServer } from "../../src/client/server";
import { writeMessage } from "../../src/wamp/json";
import { type FakeSocket, FakeWorld } from "../fakes";
import { settle } from "../lines";

const URL_HERE = "http://here:8080/base";
const NOWHERE = { getItem: () => null, setItem: () => undefined } as unknown as Storage;

/** A router that welcomes, takes all that is subscribed and registered, and answers what it is told to. */
class FakeRouter {
  readonly sessions: FakeSession[] = [];
  welcome: Record<string, unknown> = {};
  /** What becomes of HELLO, where it is no WELCOME. */
  abort: string | null = null;
  refused = new Map<string, string>();
  readonly #world: FakeWorld;

  constructor(world: FakeWorld) {
    this.#world = world;
  }

  /** The session that was welcomed last. */
  get session(): FakeSession {
    const session = this.sessions.at(-1);
    if (!session) throw new Error("nobody came");
    return session;
  }

  /** Answers until there is nothing more to answer. */
  async run(): Promise<void> {
    for (let turn = 0; turn < 6; turn++) {
      await settle();
      for (const socket of this.#world.sockets.slice(this.sessions.length)) {
        this.sessions.push(new FakeSession(this, socket));
        socket.opens();
      }
      for (const session of this.sessions) session.run();
    }
  }
}

class FakeSession {
  readonly heard: unknown[][] = [];
  readonly calls = new Map<string, unknown[]>();
  readonly #router: FakeRouter;
  readonly #socket: FakeSocket;
  #read = 0;

  constructor(router: FakeRouter, socket: FakeSocket) {
    this.#router = router;
    this.#socket = socket;
  }

  says(...message: readonly unknown[]): void {
    this.#socket.receives(writeMessage(message));
  }

  dies(code = 1006): void {
    this.#socket.dies(code);
  }

  run(): void {
    for (; this.#read < this.#socket.sent.length; this.#read++) {
      const message = JSON.parse(String(this.#socket.sent[this.#read])) as unknown[];
      this.heard.push(message);
      this.#answer(message);
    }
  }

  /** Every message of a type. */
  all(type: number): unknown[][] {
    return this.heard.filter(([one]) => one === type);
  }

  #answer([type, request, ...more]: readonly unknown[]): void {
    if (type === 1) {
      if (this.#router.abort) this.says(3, { message: "no" }, this.#router.abort);
      else this.says(2, 1, { roles: { broker: {}, dealer: {} }, ...this.#router.welcome });
    }
    const uri = String(more[1]);
    const refusal = this.#router.refused.get(uri);
    if (refusal) return this.says(8, type, request, {}, refusal);
    if (type === 32 || type === 64) this.says(type + 1, request, Number(request) + 100);
    if (type === 34 || type === 66) this.says(Number(type) + 1, request);
    if (type !== 48) return;
    if (uri === "wamp.subscription.get_events") this.says(50, request, {}, [], { position: "e:0" });
    else if (uri === "wsecho.publish") this.says(50, request, {}, [], { position: "e:1" });
    else if (uri === "wsecho.echo") this.says(50, request, {}, more[2] ?? [], more[3] ?? {});
    else this.calls.set(uri, [request]);
  }
}

let world: FakeWorld;
let router: FakeRouter;
let server: WampServer;
let statuses: Status[];

async function connect(options: ConnectOptions = {}): Promise<void> {
  statuses = [];
  server = new WampServer(world, URL_HERE, { member: "a-secret-of-this-tab", ...options }, () => NOWHERE);
  server.on("status", (status) => statuses.push(status));
  await router.run();
}

async function passes(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 250) {
    world.passes(250);
    await router.run();
  }
}

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "kept",
    (error: unknown) => (error as WsechoError).code,
  );

beforeEach(() => {
  world = new FakeWorld();
  router = new FakeRouter(world);
});

afterEach(() => server.close());

describe("arguments", () => {
  it.each([
    ["http://here", "http://here/", "ws://here/ws"],
    ["https://here:9/a/b", "https://here:9/a/b/", "wss://here:9/a/b/ws"],
    [new URL("http://here/a/"), "http://here/a/", "ws://here/a/ws"],
  ])("%s is a server", async (url, base, socket) => {
    server = new WampServer(world, url, {}, () => NOWHERE);
    await router.run();
    expect([server.url, world.socket.url]).toEqual([base, socket]);
  });

  it.each([["nowhere"], [""], ["ws://here"], ["ftp://here"], ["http://"], ["http://u:p@here"], ["http://here/?x"], ["http://here/#x"], [7], [null], [undefined], [{}]])(
    "%s is none, and it says so",
    async (url) => {
      await connect();
      expect(() => new WampServer(world, url as string, {}, () => NOWHERE)).toThrow(
        expect.objectContaining({ code: "bad_request", message: expect.stringContaining("`url`") }),
      );
    },
  );

  it.each([[[]], [["pigeon"]], [["websocket", "Websocket"]]])("%j are no transports", async (transports) => {
    await connect();
    expect(() => new WampServer(world, URL_HERE, { transports: transports as never }, () => NOWHERE)).toThrow(
      expect.objectContaining({ code: "bad_request", message: expect.stringContaining("`transports`") }),
    );
  });

  it("are no rooms without a name", async () => {
    await connect();
    expect(() => server.room("")).toThrow(expect.objectContaining({ code: "bad_request" }));
    expect(() => server.on("stat" as never, () => undefined)).toThrow("there is no event stat: give status, error");
  });
});

describe("a connection", () => {
  it("tells how it stands, from the beginning to the end", async () => {
    await connect();
    router.session.dies();
    await passes(1_000);
    server.close();
    expect([statuses[0]?.state, statuses.filter(({ state }) => state === "open").length > 1]).toEqual(["connecting", true]);
    expect(statuses.at(-1)).toMatchObject({ state: "closed", code: "closed", remedy: "none" });
    expect(statuses.some(({ retryAt }) => retryAt !== null && retryAt > world.date().getTime() - 10_000)).toBe(true);
  });

  it("is one for all rooms", async () => {
    await connect();
    for (const name of ["a", "b", "c"]) server.room(name);
    await router.run();
    expect([world.sockets.length, router.session.all(32).map((message) => message[3])]).toEqual([
      1,
      ["wsecho.room.a", "wsecho.room.b", "wsecho.room.c"],
    ]);
    expect(server.room("a").joined).not.toBeNull();
  });

  it("has one room of a name, until that was left", async () => {
    await connect();
    const room = server.room("a");
    expect(server.room("a")).toBe(room);
    room.leave();
    const other = server.room("a");
    expect(other).not.toBe(room);
    room.leave();
    expect(server.room("a")).toBe(other);
  });

  it("tells whoever listens in time of what the room has kept", async () => {
    server = new WampServer(world, URL_HERE, {}, () => NOWHERE);
    const room = server.room("a", { history: 5 });
    let joined = 0;
    room.on("joined", () => void (joined += 1));
    await router.run();
    expect(joined).toBe(1);
  });

  it("says how large a frame may be, and rejects what is larger at once", async () => {
    router.welcome = { authextra: { max_message_size: 500 } };
    await connect();
    const room = server.room("a");
    await router.run();
    expect(server.maxMessageSize).toBe(500);
    const before = world.socket.sent.length;
    const outcomes = ["x".repeat(501), "\n".repeat(250), "€".repeat(170), new Uint8Array(380), new Blob(["x".repeat(501)])];
    expect(await Promise.all(outcomes.map((data) => code(room.publish(data))))).toEqual(Array(5).fill("too_large"));
    expect(await code(server.call("p", ["x".repeat(501)]))).toBe("too_large");
    expect(world.socket.sent.length).toBe(before);
    // Also while there is no connection.
    router.session.dies();
    expect(await code(room.publish("x".repeat(501)))).toBe("too_large");
  });

  it("learns from a server that does not say it, and stays on its transport", async () => {
    await connect();
    const room = server.room("a");
    await router.run();
    const said = code(room.publish("x".repeat(70_000)));
    await settle();
    world.socket.dies(1009);
    expect(await said).toBe("too_large");
    expect(await code(room.publish("x".repeat(80_000)))).toBe("too_large");
    await passes(3_000);
    expect([server.status.state, server.status.transport]).toEqual(["open", "websocket"]);
    const small = room.publish("small");
    await router.run();
    expect(await small).toEqual({ position: "e:1" });
  });

  it.each([[true], [false]])("ends with its signal, aborted before: %s", async (before) => {
    const over = new AbortController();
    if (before) over.abort();
    await connect({ signal: over.signal });
    over.abort();
    await settle();
    await passes(3_000);
    expect([server.status.state, world.timers, world.sockets.length]).toEqual(["closed", 0, before ? 0 : 1]);
  });

  it("begins anew with another token, as who that says", async () => {
    router.abort = "wamp.error.authentication_required";
    await connect();
    const room = server.room("a");
    expect([server.status.code, await code(room.once("joined")), await code(server.call("p")), await code(room.publish("x"))]).toEqual(
      Array(4).fill("unauthorized"),
    );
    router.abort = null;
    const before = server.member;
    server.token = `e30.${btoa('{"sub":"ann"}')}.c2ln`;
    await router.run();
    expect([server.status.state, room.joined !== null, server.member === before]).toEqual(["open", true, false]);
  });

  it("asks a function for its token before it tries", async () => {
    let asked = 0;
    await connect({ token: async () => `token-${++asked}` });
    router.session.dies();
    await passes(1_000);
    expect([asked, router.sessions.map(({ heard }) => (heard[0]?.[2] as { authmethods: unknown }).authmethods)]).toEqual([2, [["ticket"], ["ticket"]]]);
  });
});

describe("calls", () => {
  it("wait for a connection, and have plain results", async () => {
    server = new WampServer(world, URL_HERE, {}, () => NOWHERE);
    const outcomes = [server.call("wsecho.echo", [7]), server.call("wsecho.echo", [1, 2]), server.call("wsecho.echo", [1], { a: 2 }), server.call("wsecho.echo")];
    await router.run();
    expect(await Promise.all(outcomes)).toEqual([7, new Result([1, 2]), new Result([1], { a: 2 }), null]);
  });

  it("say what the other side said", async () => {
    router.refused.set("com.app.p", "com.app.broken");
    await connect();
    const call = server.call("com.app.p");
    const refused = expect(call).rejects.toMatchObject({ code: "refused", uri: "com.app.broken" });
    await router.run();
    await refused;
  });

  it("are lost with the connection", async () => {
    await connect();
    const call = code(server.call("com.app.p"));
    await router.run();
    router.session.dies();
    expect(await call).toBe("lost");
  });

  it("have arguments in an array", async () => {
    await connect();
    expect(await code(server.call("p", "x" as never))).toBe("bad_request");
  });

  it("end with the connection for good", async () => {
    await connect();
    const [open, later] = [code(server.call("com.app.p")), server.room("a").once("message")];
    await router.run();
    server.close();
    expect([await open, await code(later), await code(server.call("p"))]).toEqual(["lost", "closed", "closed"]);
    expect(() => server.room("b")).toThrow(expect.objectContaining({ code: "closed" }));
    server.retry();
    server.token = "x";
    await passes(3_000);
    expect([world.sockets.length, world.timers]).toEqual([1, 0]);
  });
});

describe("subscriptions and registrations", () => {
  it("are made again on each connection", async () => {
    await connect();
    const heard: unknown[] = [];
    const subscribed = server.subscribe("com.app.t", (args, kwargs) => heard.push([args, kwargs]));
    const registered = server.register("com.app.p", ([one]) => Number(one) + 1);
    await router.run();
    const [off] = [await subscribed, await registered];
    router.session.dies();
    await passes(1_000);
    const subscription = Number(router.session.all(32)[0]?.[1]) + 100;
    const registration = Number(router.session.all(64)[0]?.[1]) + 100;
    router.session.says(36, subscription, 5, {}, [1], { a: 2 });
    // Two lines may both tell it.
    router.session.says(36, subscription, 5, {}, [1], { a: 2 });
    router.session.says(36, subscription, 6, {});
    router.session.says(68, 9, registration, {}, [41]);
    await router.run();
    expect([heard, router.session.all(70)]).toEqual([[[[1], { a: 2 }], [[], {}]], [[70, 9, {}, [42]]]]);
    off();
    await router.run();
    expect(router.session.all(34)).toHaveLength(1);
    router.session.dies();
    await passes(1_000);
    expect([router.session.all(32), router.session.all(64).length]).toEqual([[], 1]);
  });

  it.each([
    [() => new Result([1, 2], { a: 3 }), [70, 9, {}, [1, 2], { a: 3 }]],
    [() => undefined, [70, 9, {}]],
    [async () => "later", [70, 9, {}, ["later"]]],
    [() => { throw new Error("oops"); }, [8, 68, 9, {}, "wamp.error.runtime_error", ["oops"]]],
    [() => { throw new WsechoError("refused", "no", "com.app.no", [7], { a: 1 }); }, [8, 68, 9, {}, "com.app.no", [7], { a: 1 }]],
  ])("answer as they are told to: %s", async (answer, expected) => {
    await connect();
    const registered = server.register("com.app.p", answer);
    await router.run();
    await registered;
    router.session.says(68, 9, Number(router.session.all(64)[0]?.[1]) + 100, {});
    await router.run();
    const answers = router.session.heard.filter(([type]) => type === 70 || type === 8);
    expect(answers).toMatchObject([expected]);
  });

  it("are refused to whoever asked for them, and tried no more", async () => {
    router.refused.set("com.app.t", "wamp.error.not_authorized");
    await connect();
    const refused = code(server.subscribe("com.app.t", () => undefined));
    await router.run();
    expect(await refused).toBe("forbidden");
    router.session.dies();
    await passes(1_000);
    expect(router.session.all(32)).toEqual([]);
  });

  it("are told of where they cannot be made again", async () => {
    await connect();
    const errors: string[] = [];
    server.on("error", ({ code }) => errors.push(code));
    const subscribed = server.subscribe("com.app.t", () => undefined);
    await router.run();
    await subscribed;
    router.refused.set("com.app.t", "wamp.error.not_authorized");
    router.session.dies();
    await passes(1_000);
    expect(errors).toEqual(["forbidden"]);
  });

  it("wait for a procedure that the session before still has", async () => {
    await connect();
    const registered = server.register("com.app.p", () => 1);
    await router.run();
    await registered;
    router.refused.set("com.app.p", "wamp.error.procedure_already_exists");
    router.session.dies();
    await passes(2_000);
    router.refused.clear();
    await passes(1_500);
    expect(router.session.all(64).length).toBeGreaterThan(1);
    const before = router.session.all(64).length;
    await passes(3_000);
    expect(router.session.all(64).length).toBe(before);
  });
});
