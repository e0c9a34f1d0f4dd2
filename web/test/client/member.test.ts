// SPDX-License-Identifier: MIT
// What others see a client as: the id that the server makes of its secret and its token's subject.

import { describe, expect, it } from "vitest";
import { claimsOf, memberId } from "../../src/client/member";
import { sha256 } from "../../src/client/sha256";

const SECRET = "a-secret-of-this-tab";

function base64url(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function digest(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", message));
}

function tokenOf(claims: unknown): string {
  return `e30.${base64url(new TextEncoder().encode(JSON.stringify(claims)))}.c2lnbmVk`;
}

describe("the hash", () => {
  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1_000])("is SHA-256 of %i bytes", async (length) => {
    const message = Uint8Array.from({ length }, (_, index) => (index * 7) % 256);
    expect(sha256(message)).toEqual(await digest(message));
  });

  it("makes the server's id of a secret and a subject", async () => {
    const hash = await digest(new TextEncoder().encode(`wsecho.member\0änn\0${SECRET}`));
    expect(memberId(SECRET, "änn")).toBe(base64url(hash.subarray(0, 12)));
    expect(memberId(SECRET, "")).not.toBe(memberId(SECRET, "änn"));
  });
});

describe("a token", () => {
  it("is read where it can be", () => {
    expect(claimsOf(tokenOf({ sub: "änn→", exp: 7 }))).toEqual({ sub: "änn→", exp: 7 });
  });

  it.each(["", "x", "a.b.c", "a.*.c", tokenOf(null), tokenOf(7)])("says nothing in %j", (token) => {
    expect(claimsOf(token)).toEqual({});
  });
});
