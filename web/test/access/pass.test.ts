// SPDX-License-Identifier: MIT
// Who the page is: one member per tab, and a token.

import { describe, expect, it } from "vitest";
import { Pass } from "../../src/access/pass";

const SECRET = "a-secret-of-this-tab";

function fakeStorage(kept: Record<string, string> = {}): Storage {
  return {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => void (kept[key] = value),
  } as unknown as Storage;
}

describe("a pass", () => {
  it("is the same for the tab, and another's where nothing was kept", () => {
    const storage = fakeStorage();
    const first = new Pass(() => storage, () => SECRET);
    first.present(" Bearer e30.e30.c2lnbmVk\n");
    const second = new Pass(() => storage, () => "never-to-be-drawn-");
    expect([second.secret, second.token]).toEqual([SECRET, "e30.e30.c2lnbmVk"]);
    expect(new Pass(() => fakeStorage(), () => "another-secret-of-another").secret).not.toBe(first.secret);
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
