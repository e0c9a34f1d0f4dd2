// SPDX-License-Identifier: MIT
// Who the page is: one member per tab, with the id that the server makes of it, and a token.

import { describe, expect, it } from "vitest";
import { memberId, subjectOf } from "../../src/access/member";
import { Pass } from "../../src/access/pass";
import { sha256 } from "../../src/access/sha256";

const SECRET = "a-secret-of-this-tab";

function fakeStorage(kept: Record<string, string> = {}): Storage {
  return {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => void (kept[key] = value),
  } as unknown as Storage;
}

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

describe("a token's subject", () => {
  it("is read where there is one", () => {
    expect(subjectOf(tokenOf({ sub: "änn→" }))).toBe("änn→");
  });

  it.each(["", "x", "a.b.c", "a.*.c", tokenOf(null), tokenOf({ sub: 7 }), tokenOf({})])("is nobody in %j", (token) => {
    expect(subjectOf(token)).toBe("");
  });
});

describe("a pass", () => {
  it("is the same for the tab, and another's where nothing was kept", () => {
    const storage = fakeStorage();
    const first = new Pass(() => storage, () => SECRET);
    first.present(` Bearer ${tokenOf({ sub: "ann" })}\n`);
    const second = new Pass(() => storage, () => "never-to-be-drawn-");
    expect([second.secret, second.token, second.id]).toEqual([SECRET, tokenOf({ sub: "ann" }), memberId(SECRET, "ann")]);
    expect(new Pass(() => fakeStorage(), () => "another-secret-of-another").id).not.toBe(first.id);
  });

  it("does not take for a secret what the server would refuse", () => {
    const storage = fakeStorage({ "wsecho.member": "short" });
    expect(new Pass(() => storage, () => SECRET).secret).toBe(SECRET);
  });

  it("lasts as long as the page where the browser keeps nothing", () => {
    const throws = (): Storage => {
      throw new Error("denied");
    };
    const pass = new Pass(throws, () => SECRET);
    pass.present("a b\nc");
    expect([pass.secret, pass.token]).toEqual([SECRET, "abc"]);
  });
});
