// SPDX-License-Identifier: MIT
// AutobahnJS over WebSocket: what a close says of who may come in.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Fault, Line } from "../../src/net/line";
import { lineOpener } from "../../src/wamp/open";
import { FakeWorld } from "../fakes";
import { settle } from "../lines";

class FakeWebSocket {
  static latest: FakeWebSocket;
  readonly protocol = "wamp.2.json";
  readonly url: string;
  readonly sent: unknown[] = [];
  onopen: () => void = () => undefined;
  onmessage: (event: { data: string }) => void = () => undefined;
  onclose: (event: { code: number; reason: string; wasClean: boolean }) => void = () => undefined;

  constructor(url: string) {
    this.url = url;
    FakeWebSocket.latest = this;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {}

  says(message: unknown): void {
    this.onmessage({ data: JSON.stringify(message) });
  }

  closes(code: number, reason = ""): void {
    this.onclose({ code, reason, wasClean: true });
  }
}

let line: Line | null;
let faults: Fault[];

function open(token: string | null = null): FakeWebSocket {
  const identity = { secret: "a-secret-of-this-tab", token };
  lineOpener(new FakeWorld(), { websocket: "ws://here/ws", http: "http://here/lp" }, identity)("websocket", {
    onOpen: (opened) => (line = opened),
    onHeard: () => undefined,
    onClosed: (fault) => faults.push(fault),
  });
  FakeWebSocket.latest.onopen();
  return FakeWebSocket.latest;
}

beforeEach(() => {
  vi.stubGlobal("WebSocket", FakeWebSocket);
  line = null;
  faults = [];
});

afterEach(() => vi.unstubAllGlobals());

it.each([
  [4401, "", { kind: "unauthorized", text: "the server wants a valid token" }],
  [4401, "the token has expired", { kind: "unauthorized", text: "the server wants a valid token (4401: the token has expired)" }],
  [4403, "", { kind: "denied", text: "the server does not allow this page here" }],
  [1001, "", { kind: "stopping" }],
])("is over with %i %s", async (code, reason, fault) => {
  const socket = open();
  socket.says([2, 1, { roles: {} }]);
  expect(line).not.toBeNull();
  socket.closes(code, reason);
  await settle();
  expect(faults).toMatchObject([fault]);
});

it.each([4401, 4403])("is no mere refusal where it is closed with %i before it is welcome", async (code) => {
  open().closes(code);
  await settle();
  expect(faults).toMatchObject([{ kind: code === 4401 ? "unauthorized" : "denied" }]);
});

it("puts the token into the ticket and nowhere else", async () => {
  const socket = open("header.claims.signature");
  await settle();
  socket.says([4, "ticket", {}]);
  await settle();
  expect(socket.url).toBe("ws://here/ws");
  expect(socket.sent).toMatchObject([
    [1, "realm1", { authmethods: ["ticket"], authextra: { member: "a-secret-of-this-tab" } }],
    [5, "header.claims.signature", {}],
  ]);
  expect(JSON.stringify(socket.sent[0])).not.toContain("signature");
});
