// SPDX-License-Identifier: MIT
// AutobahnJS over WebSocket: what a close says of who may come in.

import { beforeEach, describe, expect, it } from "vitest";
import { type Fault, Gone, type Line, TooLarge } from "../../src/net/line";
import { lineOpener } from "../../src/wamp/open";
import { type FakeSocket, FakeWorld } from "../fakes";
import { settle } from "../lines";

let line: Line | null;
let faults: Fault[];

let world: FakeWorld;

/** Messages as the server has them. */
const sent = (): unknown[] => world.socket.sent.map((text) => JSON.parse(String(text)));

function says(message: unknown): void {
  world.socket.receives(JSON.stringify(message));
}

function open(token: string | null = null): FakeSocket {
  const identity = { secret: "a-secret-of-this-tab", token };
  lineOpener(world, { websocket: "ws://here/ws", http: "http://here/lp" }, identity)("websocket", {
    onOpen: (opened) => (line = opened),
    onHeard: () => undefined,
    onClosed: (fault) => faults.push(fault),
  });
  world.socket.opens();
  return world.socket;
}

beforeEach(() => {
  world = new FakeWorld();
  line = null;
  faults = [];
});

it.each([
  [4401, "", { kind: "unauthorized", text: "the server wants a valid token" }],
  [4401, "the token has expired", { kind: "unauthorized", text: "the server wants a valid token (4401: the token has expired)" }],
  [4403, "", { kind: "denied", text: "the server does not allow this page here" }],
  [1001, "", { kind: "stopping" }],
])("is over with %i %s", async (code, reason, fault) => {
  const socket = open();
  says([2, 1, { roles: {} }]);
  expect(line).not.toBeNull();
  socket.dies(code, reason);
  await settle();
  expect(faults).toMatchObject([fault]);
});

it.each([4401, 4403])("is no mere refusal where it is closed with %i before it is welcome", async (code) => {
  open().dies(code);
  await settle();
  expect(faults).toMatchObject([{ kind: code === 4401 ? "unauthorized" : "denied" }]);
});

it("puts the token into the ticket and nowhere else", async () => {
  const socket = open("header.claims.signature");
  await settle();
  says([4, "ticket", {}]);
  await settle();
  expect(socket.url).toBe("ws://here/ws");
  expect(sent()).toMatchObject([
    [1, "realm1", { authmethods: ["ticket"], authextra: { member: "a-secret-of-this-tab" } }],
    [5, "header.claims.signature", {}],
  ]);
  expect(JSON.stringify(sent()[0])).not.toContain("signature");
});

const WELCOME = [2, 1, { roles: { broker: {}, dealer: {} } }];
const LIMITED = [2, 1, { roles: {}, authextra: { max_message_size: 200 } }];

it("asks for stamps, in the protocol that a browser speaks", async () => {
  const socket = open();
  expect([socket.protocols, sent()]).toMatchObject([["wamp.2.json"], [[1, "realm1", { authextra: { stamps: true } }]]]);
});

it("is missing where there is no WebSocket", async () => {
  world.hasWebSocket = false;
  expect(() => open()).toThrow("no socket");
  await settle();
  expect(faults).toMatchObject([{ kind: "missing" }]);
});

it("is lost where the server says what is no message", async () => {
  open();
  world.socket.receives("{");
  await settle();
  expect(faults).toMatchObject([{ kind: "refused", text: expect.stringContaining("no message") }]);
});

describe("a message that is too large", () => {
  async function welcomed(welcome: unknown): Promise<Line> {
    open();
    says(welcome);
    await settle();
    if (!line) throw new Error("it is not open");
    return line;
  }

  it("is not sent where the server says what it takes, to the byte", async () => {
    const opened = await welcomed(LIMITED);
    expect(opened.maxMessageSize).toBe(200);
    // The first request; what is asked later has longer ids.
    const frame = JSON.stringify([48, 1, {}, "p", [""], {}]);
    const most = "x".repeat(200 - frame.length);
    const fits = opened.call("p", [most], {});
    await settle();
    expect([String(sent().at(-1)).length > 0, String(world.socket.sent.at(-1)).length]).toEqual([true, 200]);
    says([50, 1, {}, ["taken"]]);
    expect(await fits).toMatchObject({ args: ["taken"] });
    const before = world.socket.sent.length;
    await expect(opened.call("p", [`${most}y`], {})).rejects.toBeInstanceOf(TooLarge);
    // Three bytes each, and base64's four for three.
    await expect(opened.call("p", ["€".repeat(60)], {})).rejects.toBeInstanceOf(TooLarge);
    await expect(opened.publish("t", [new Uint8Array(150)], {})).rejects.toBeInstanceOf(TooLarge);
    expect([world.socket.sent.length, opened.unanswered(), faults]).toEqual([before, 0, []]);
  });

  it("becomes an error where it answers somebody's call", async () => {
    const opened = await welcomed(LIMITED);
    const registered = opened.register("p", async () => ({ args: ["x".repeat(300)], kwargs: {} }));
    await settle();
    says([65, 1, 9]);
    await registered;
    says([68, 5, 9, {}]);
    await settle();
    expect(sent().at(-1)).toMatchObject([8, 68, 5, {}, "wamp.error.payload_size_exceeded", [expect.any(String)]]);
  });

  it("is told apart where the server only says afterwards that it was", async () => {
    const opened = await welcomed(WELCOME);
    expect(opened.maxMessageSize).toBeNull();
    const outcomes = Promise.allSettled([
      opened.call("p", ["small"], {}),
      opened.call("p", ["x".repeat(70_000)], {}),
      opened.call("p", ["medium".repeat(10)], {}),
    ]);
    await settle();
    world.socket.dies(1009, "");
    const reasons = (await outcomes).map((outcome) => (outcome as PromiseRejectedResult).reason);
    expect(reasons.map((reason) => reason.constructor)).toEqual([Gone, TooLarge, Gone]);
    expect(faults).toMatchObject([{ kind: "too_large" }]);
  });
});
