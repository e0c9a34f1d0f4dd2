// SPDX-License-Identifier: MIT
// The catalogue of close codes: what to tell the reader, and whether coming back can help.

export interface Closing {
  readonly text: string;
  readonly mayReturn: boolean;
}

const TEXTS: Readonly<Record<number, string>> = {
  1000: "the server closed the connection",
  1001: "the server is stopping",
  1002: "the server saw a protocol error",
  1003: "the server does not take this kind of message",
  1005: "the server closed the connection",
  1006: "the connection was lost",
  1007: "the server saw text that is not UTF-8",
  1008: "the server's limits were passed",
  1009: "a message was larger than the server takes",
  1011: "the server made a mistake",
  1013: "this page read too slowly, or the server is overloaded",
  4401: "the server wants a valid token",
  4403: "the server does not allow this page here",
  4410: "the room's history was lost",
};

/** Whoever was refused for who he is would be refused again. */
const FINAL: ReadonlySet<number> = new Set([4401, 4403]);

/** The browser says 1006 for a refused handshake as well, so that is told apart by `wasOpen`. */
export function explainClosing(code: number, reason: string, wasOpen: boolean): Closing {
  const plain = code === 1006 && !wasOpen ? "the server cannot be reached" : TEXTS[code];
  const text = plain ?? `the connection was closed with ${code}`;
  return {
    text: reason && !text.endsWith(reason) ? `${text} (${code}: ${reason})` : text,
    mayReturn: !FINAL.has(code),
  };
}
