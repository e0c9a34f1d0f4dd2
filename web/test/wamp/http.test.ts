// SPDX-License-Identifier: MIT
// AutobahnJS's own session over this page's transports without WebSocket, and a server that fails.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Fault, type Line, TooLarge } from "../../src/net/line";
import type { Cancel } from "../../src/net/world";
import { joinBatch, splitBatch } from "../../src/wamp/batch";
import { writeMessage } from "../../src/wamp/json";
import { type Identity, lineOpener } from "../../src/wamp/open";
import { post } from "../../src/wamp/post";
import { FakeWorld } from "../fakes";
import { settle } from "../lines";


const DENIAL = [3, { message: "the token has expired" }, "wamp.error.authentication_denied"];

/** The server's side of `/lp`, with one session and a network that loses what it is told to. */
class FakeServer {
  readonly urls: string[] = [];
  readonly said: unknown[][] = [];
  /** Statuses for the next POSTs of `send`; 0 is an answer that is lost, -1 a question. */
  sends: number[] = [];
  refusal: ((init: RequestInit) => Response) | null = null;
  bodies: string[] = [];
  /** Bytes of a body; what is more is answered with 413. */
  most = Infinity;
  greeting: unknown[] = [2, 1, { roles: { broker: {}, dealer: {} } }];
  streamIsHeld = false;
  #sequence = 0;
  #waiting: string[] = [];
  #receive: ((response: Response) => void) | null = null;
  #stream: ReadableStreamDefaultController<Uint8Array> | null = null;
  #id = 0;

  respond = async (url: string, init: RequestInit): Promise<Response> => {
    const path = url.replace("http://here/lp", "");
    this.urls.push(path);
    if (this.refusal) return this.refusal(init);
    if (path === "/open") return Response.json({ protocol: "wamp.2.json.batched", transport: "x" });
    if (path.startsWith("/x/send")) return this.#sent(path, String(init.body));
    if (path.startsWith("/x/receive")) return this.#receives(path, init);
    if (path.startsWith("/x/events")) return this.#streams(init);
    return new Response(null, { status: 204 });
  };

  says(...messages: readonly unknown[]): void {
    this.#waiting.push(...messages.map(writeMessage));
    this.#pump();
  }

  breaksStream(): void {
    this.#stream?.close();
    this.#stream = null;
  }

  #sent(path: string, body: string): Response {
    if (new TextEncoder().encode(body).length > this.most) return new Response("", { status: 413 });
    this.bodies.push(body);
    const status = this.sends.shift() ?? 204;
    if (status === -1) throw new TypeError("lost");
    if (status > 204) return new Response("", { status });
    const sequence = Number(path.split("=")[1]);
    if (sequence > this.#sequence) {
      this.#sequence = sequence;
      for (const message of splitBatch(body)) this.#hears(message as unknown[]);
    }
    if (status === 0) throw new TypeError("lost");
    return new Response(null, { status: 204 });
  }

  #hears(message: unknown[]): void {
    this.said.push(message);
    if (message[0] === 1) this.says(this.greeting);
    if (message[0] === 5) this.says(message[1] === "good" ? [2, 1, { roles: {} }] : DENIAL);
    // An echo answers its argument, as a RESULT.
    if (message[0] === 48) this.says([50, message[1], {}, message[4]]);
  }

  #receives(path: string, { signal }: RequestInit): Promise<Response> {
    if (path.endsWith("wait=0") && this.#waiting.length === 0) return Promise.resolve(new Response(null, { status: 204 }));
    return new Promise((resolve, reject) => {
      this.#receive = resolve;
      signal?.addEventListener("abort", () => reject(new DOMException("over", "AbortError")));
      this.#pump();
    });
  }

  #streams({ signal }: RequestInit): Promise<Response> {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#stream = controller;
        signal?.addEventListener("abort", () => controller.error(new DOMException("over", "AbortError")));
      },
    });
    if (!this.streamIsHeld) this.#write(": open\n\n");
    this.#pump();
    return Promise.resolve(new Response(body));
  }

  #write(text: string): void {
    this.#stream?.enqueue(new TextEncoder().encode(text));
  }

  #pump(): void {
    if (this.#waiting.length === 0) return;
    if (this.#receive) {
      this.#receive(new Response(joinBatch(this.#waiting)));
      this.#receive = null;
      this.#waiting = [];
    } else if (this.#stream && !this.streamIsHeld) {
      for (const data of this.#waiting) this.#write(`id: ${++this.#id}\ndata: ${data}\n\n`);
      this.#waiting = [];
    }
  }
}

let world: FakeWorld;
let server: FakeServer;
let line: Line | null;
let faults: Fault[];
let heard: number;
let cancel: Cancel;
let identity: Identity;

async function open(transport: "sse" | "longpoll"): Promise<void> {
  const addresses = { websocket: "ws://here/ws", http: "http://here/lp" };
  cancel = lineOpener(world, addresses, identity)(transport, {
    onOpen: (opened) => (line = opened),
    onHeard: () => (heard += 1),
    onClosed: (fault) => faults.push(fault),
  });
  await real();
}

/** Streams and responses take turns of the real event loop. */
async function real(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) {
    await settle();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

async function passes(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 250) {
    world.passes(250);
    await real();
  }
}

const opened = (): Line => {
  if (!line) throw new Error(`not open: ${JSON.stringify(faults)}`);
  return line;
};

beforeEach(() => {
  world = new FakeWorld();
  server = new FakeServer();
  world.respond = server.respond;
  line = null;
  faults = [];
  heard = 0;
  identity = { secret: "a-secret-of-this-tab", token: null };
});

afterEach(() => cancel());

describe.each(["sse", "longpoll"] as const)("over %s", (transport) => {
  it("is welcomed, and calls, there and back", async () => {
    await open(transport);
    const answer = opened().call("wsecho.echo", [Uint8Array.of(1)], {});
    expect(opened().unanswered()).toBeGreaterThan(0);
    await real();
    expect(await answer).toEqual({ args: [Uint8Array.of(1)], kwargs: {} });
    expect([opened().unanswered(), heard > 1, faults]).toEqual([0, true, []]);
  });

  it("sends one batch at a time, numbered, and again what got no answer", async () => {
    await open(transport);
    server.sends = [0, -1, 503, 204];
    const answers = ["a", "b"].map((text) => opened().call("wsecho.echo", [text], {}));
    await real();
    await passes(6_000);
    expect(await Promise.all(answers)).toMatchObject([{ args: ["a"] }, { args: ["b"] }]);
    const numbers = server.urls.filter((url) => url.includes("send")).map((url) => Number(url.split("=")[1]));
    expect(numbers).toEqual([1, 2, 2, 2, 2]);
    expect(server.said.slice(1).map((message) => message[4])).toEqual([["a"], ["b"]]);
  });

  it("is lost when nothing goes up for long, and breaks what was promised", async () => {
    await open(transport);
    server.sends = Array.from({ length: 100 }, () => -1);
    const answer = opened().call("wsecho.echo", [], {});
    const broken = expect(answer).rejects.toThrow("gone");
    await real();
    await passes(30_000);
    await broken;
    expect(faults).toMatchObject([{ transport, kind: "lost", text: "the connection was lost" }]);
  });

  it.each([
    [404, "", "foreign", "there is no wsecho at this address: it answered with 404"],
    [200, "<html>", "foreign", "there is no wsecho at this address: it answered with 200"],
    [200, "[]", "foreign", "there is no wsecho at this address: it answered with 200"],
    [502, "<html>", "refused", "the server answered with 502"],
    [429, "", "refused", "the server answered with 429"],
    [503, '{"error":{"code":"over_limit","reason":"too many"}}', "refused", "too many"],
    [404, '{"error":{"code":"not_found","reason":"nothing here"}}', "refused", "nothing here"],
  ])("is not opened by an answer of %i %s", async (status, body, kind, text) => {
    server.refusal = () => new Response(body, { status });
    await open(transport);
    expect(faults).toEqual([{ transport, kind, text }]);
  });

  it.each([
    ["http://elsewhere", true, /was it started with --origin http:\/\/elsewhere\?/],
    ["null", true, /a page without an origin, such as a file: serve it, and name its origin with --origin$/],
    ["http://elsewhere", false, /^the server cannot be reached$/],
    ["http://here", true, /^the server cannot be reached$/],
    [null, true, /^the server cannot be reached$/],
  ])("names the option where a page of %s cannot read what is there: %s", async (origin, isThere, text) => {
    world.origin = origin;
    server.refusal = (init) => {
      if (init.mode === "no-cors" && isThere) return new Response(null);
      throw new TypeError("CORS");
    };
    await open(transport);
    expect(faults).toMatchObject([{ kind: "refused", text: expect.stringMatching(text) }]);
  });

  it.each([0, 1, 2, 3])("says nothing after it was left, nor in a pause between tries, after %i turns", async (turns) => {
    await open(transport);
    server.sends = Array.from({ length: 100 }, () => -1);
    opened().call("wsecho.echo", ["a"], {}).catch(() => undefined);
    await real();
    for (let turn = 0; turn < turns; turn++) await passes(250);
    server.greeting = [];
    cancel();
    // It says goodbye, and is not waited for long.
    await passes(2_500);
    const before = server.urls.length;
    world.passes(60_000);
    await real();
    expect([server.urls.length - before, world.timers]).toEqual([0, 0]);
  });

  it("says that the server is stopping", async () => {
    await open(transport);
    server.says([6, {}, "wamp.close.system_shutdown"]);
    await real();
    expect(faults).toMatchObject([{ kind: "stopping", text: "the server is stopping" }]);
  });

  it("is denied where the realm is", async () => {
    server.greeting = [3, { message: "no" }, "wamp.error.no_such_realm"];
    await open(transport);
    expect(faults).toMatchObject([{ kind: "denied", text: "no" }]);
  });

  it("tells the server when it is left, and nobody else", async () => {
    await open(transport);
    cancel();
    await passes(3_000);
    expect([world.beacons, faults]).toEqual([["http://here/lp/x/close"], []]);
  });

  it("tells the server when the page goes for good, open or not", async () => {
    server.greeting = [2, 1, { roles: {} }];
    await open(transport);
    world.goesForGood();
    expect(world.beacons).toEqual(["http://here/lp/x/close"]);
    cancel();
    await passes(3_000);
    world.goesForGood();
    expect(world.beacons).toHaveLength(2);
  });

  it("names itself, and asks for a token where it has none that is wanted", async () => {
    server.greeting = [3, { message: "a token is needed" }, "wamp.error.authentication_required"];
    await open(transport);
    expect(server.said[0]?.[2]).toMatchObject({ authextra: { member: "a-secret-of-this-tab" } });
    expect(server.said[0]?.[2]).not.toHaveProperty("authmethods");
    expect(faults).toMatchObject([{ kind: "unauthorized", text: "the server wants a token" }]);
  });

  it.each([
    ["good", []],
    ["bad", [{ kind: "unauthorized", text: "the token has expired" }]],
  ])("presents a %s token as a ticket", async (token, expected) => {
    identity = { ...identity, token };
    server.greeting = [4, "ticket", {}];
    await open(transport);
    expect(server.said).toMatchObject([[1, "realm1", { authmethods: ["ticket"] }], [5, token, {}]]);
    expect([line !== null, faults]).toMatchObject([token === "good", expected]);
  });

  it("asks for another token when its own expires", async () => {
    await open(transport);
    server.says([6, {}, "wsecho.close.token_expired"]);
    await real();
    expect(faults).toMatchObject([{ kind: "unauthorized", text: "the token has expired" }]);
  });

  it("keeps the router's own words", async () => {
    await open(transport);
    const answer = opened().publish("a..b", ["text"], { key: "k" });
    const refused = expect(answer).rejects.toMatchObject({ uri: "wamp.error.invalid_uri", message: "no" });
    await real();
    const publish = server.said.at(-1);
    expect(publish).toEqual([16, 1, { acknowledge: true, exclude_me: false }, "a..b", ["text"], { key: "k" }]);
    server.says([8, 16, 1, {}, "wamp.error.invalid_uri", ["no"]]);
    await real();
    await refused;
  });
});

it("goes on with the stream behind the last event", async () => {
  await open("sse");
  server.breaksStream();
  await real();
  const answer = opened().call("wsecho.echo", ["still"], {});
  await passes(1_000);
  expect([await answer, faults]).toMatchObject([{ args: ["still"] }, []]);
  expect(server.urls.filter((url) => url.endsWith("events"))).toHaveLength(2);
});

it("notices that the stream is held back", async () => {
  server.streamIsHeld = true;
  await open("sse");
  await passes(2_500);
  expect(faults).toMatchObject([{ transport: "sse", kind: "held" }]);
});

it("asks for each batch by its number until it has come", async () => {
  await open("longpoll");
  server.says([50, 99, {}]);
  await real();
  const numbers = server.urls.filter((url) => url.includes("receive")).map((url) => Number(url.split("=")[1]));
  expect(numbers.slice(0, 2)).toEqual([1, 2]);
});

describe("what is too large for a body", () => {
  const LIMITED = [2, 1, { roles: {}, authextra: { max_message_size: 200 } }];

  it.each([
    ["says", LIMITED],
    ["does not say", [2, 1, { roles: {} }]],
  ])("is no batch of what fits by itself, where the server %s what it takes", async (_what, greeting) => {
    server.greeting = greeting;
    await open("longpoll");
    server.most = 200;
    server.bodies = [];
    const answers = ["€".repeat(30), "b".repeat(60), "c".repeat(90)].map((text) => opened().call("wsecho.echo", [text], {}));
    await passes(1_000);
    expect((await Promise.all(answers)).map(({ args }) => String(args[0])[0])).toEqual(["€", "b", "c"]);
    expect([server.bodies.every((body) => new TextEncoder().encode(body).length <= 200), faults]).toEqual([true, []]);
  });

  it("is rejected, and the session goes on, where the server says what it takes", async () => {
    server.greeting = LIMITED;
    await open("sse");
    server.most = 200;
    await expect(opened().call("wsecho.echo", ["x".repeat(200)], {})).rejects.toBeInstanceOf(TooLarge);
    const answer = opened().call("wsecho.echo", ["small"], {});
    await real();
    expect([await answer, faults]).toMatchObject([{ args: ["small"] }, []]);
  });

  it("is told apart where the server does not say", async () => {
    await open("longpoll");
    server.most = 200;
    const answer = opened().call("wsecho.echo", ["x".repeat(200)], {});
    await expect(answer).rejects.toBeInstanceOf(TooLarge);
    await real();
    expect(faults).toMatchObject([{ kind: "too_large" }]);
  });
});

describe("posting", () => {
  it("asks nothing where it was given up before", async () => {
    const over = new AbortController();
    over.abort();
    expect(await post(world, "http://here/lp/x/send", "", 1_000, over.signal)).toEqual({ status: 0, text: "" });
    expect([server.urls, world.timers]).toEqual([[], 0]);
  });
});

describe("a browser whose connections other tabs wait on", () => {
  beforeEach(async () => {
    for (let tab = 1; tab <= 5; tab++) await world.claim(`wsecho.waiting http://here ${tab}`);
  });

  it("has no event stream for one more", async () => {
    await open("sse");
    expect([server.urls, faults]).toMatchObject([[], [{ kind: "crowded" }]]);
    world.claimed.delete("wsecho.waiting http://here 3");
    faults = [];
    await open("sse");
    expect([opened().transport, faults, world.claimed.size]).toEqual(["sse", [], 5]);
    cancel();
    await passes(3_000);
    expect(world.claimed.size).toBe(4);
  });

  it("asks for what is there, again and again, and waits for nothing", async () => {
    await open("longpoll");
    await passes(500);
    const answer = opened().call("wsecho.echo", ["a"], {});
    await passes(5_000);
    expect([await answer, faults]).toMatchObject([{ args: ["a"] }, []]);
    const asked = server.urls.filter((url) => url.includes("receive"));
    expect(asked.every((url) => url.endsWith("&wait=0"))).toBe(true);
    // One a second where nothing comes.
    expect(asked.length).toBeGreaterThan(6);
    expect(asked.length).toBeLessThan(16);
  });
});
