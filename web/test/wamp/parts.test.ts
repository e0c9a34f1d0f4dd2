// SPDX-License-Identifier: MIT
// WAMP's JSON, its batches, and server-sent events, cut anywhere.

import { describe, expect, it } from "vitest";
import { joinBatch, splitBatch } from "../../src/wamp/batch";
import { EventReader } from "../../src/wamp/events";
import { readMessage, writeMessage } from "../../src/wamp/json";

describe("JSON", () => {
  it.each([0, 1, 3, 20_000])("carries %d bytes there and back", (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => index % 256);
    expect(readMessage(writeMessage([16, { x: bytes }, "text"]))).toEqual([16, { x: bytes }, "text"]);
  });

  it("is what the specification has", () => {
    expect(writeMessage([Uint8Array.of(16, 0)])).toBe('["\\u0000EAA="]');
  });

  it("leaves a NUL that does not come first alone", () => {
    expect(readMessage('["a\\u0000b"]')).toEqual(["a\0b"]);
  });

  it.each(["", "[1", '["\\u0000*"]'])("throws at %j", (text) => {
    expect(() => readMessage(text)).toThrow();
  });
});

it("a batch is its messages, each with its end", () => {
  const batch = joinBatch(['["a\\u001e"]', "[2]"]);
  expect([batch, splitBatch(batch), splitBatch("")]).toEqual(['["a\\u001e"]\x1e[2]\x1e', [["a\x1e"], [2]], []]);
});

describe("server-sent events", () => {
  const stream = 'retry: 1000\n: open\n\nid: 1\ndata: ["ü"]\n\nid: 2\r\ndata:a\r\ndata: b\r\n\r\n: beat\n\ndata: c\r\revent: x\n\nevent: refused\ndata: d\n\ndata: e\n\n';
  const events = [
    { type: "message", id: "1", data: '["ü"]' },
    { type: "message", id: "2", data: "a\nb" },
    { type: "message", id: "2", data: "c" },
    { type: "refused", id: "2", data: "d" },
    { type: "message", id: "2", data: "e" },
  ];

  it.each([1, 2, 3, 1_000])("are the same in pieces of %d", (size) => {
    const reader = new EventReader();
    const found = [];
    for (let start = 0; start < stream.length; start += size) found.push(...reader.read(stream.slice(start, start + size)));
    expect(found).toEqual(events);
  });
});
