// SPDX-License-Identifier: MIT
// What is copied into a terminal or a program does what it says there, whatever a room is called.

import { expect, it } from "vitest";
import { snippetsFor } from "../../src/room/snippets";

const PAGE = new URL("https://example.org:8443/?room=x#y");
const codes = (room: string, hasToken = false): string[] =>
  snippetsFor(PAGE, room, hasToken).map(({ code }) => code);

it("names the room at the host that the page came from, in three languages", () => {
  expect(snippetsFor(PAGE, "lobby", false).map(({ language }) => language)).toEqual(["JavaScript", "Python", "curl"]);
  const [javascript, python, curl] = codes("lobby");
  expect(javascript).toContain('new WebSocket("wss://example.org:8443/broadcast/lobby")');
  expect(python).toContain('connect("wss://example.org:8443/broadcast/lobby")');
  expect(curl).toContain("curl -d 'hello' 'https://example.org:8443/broadcast/lobby'");
});

it.each(["'; rm -rf ~; '", '"; alert(1); "', "\\", "`id`", "$(id)", "${x}", "a'b", "{TOKEN}", "x\u2028y", "*!()", "%s#?&"])(
  "lets a room called %j end no string and expand to nothing",
  (room) => {
    for (const hasToken of [false, true]) {
      const plain = codes("ROOM", hasToken);
      const encoded = codes(room, hasToken).map((code, index) => {
        const [before = "", after = ""] = plain[index]?.split("ROOM", 2) ?? [];
        expect(code.startsWith(before)).toBe(true);
        return code.slice(before.length, code.indexOf(after, before.length));
      });
      for (const segment of encoded) {
        expect(segment).toMatch(/^[A-Za-z0-9%._~-]+$/);
        expect(decodeURIComponent(segment)).toBe(room);
      }
    }
  },
);

it("names a token where there is one, and shows none", () => {
  const [javascript, python, curl] = codes("lobby", true);
  expect(javascript).toContain('["wsecho.raw", `wsecho.token.${TOKEN}`]');
  expect(python).toContain('additional_headers={"Authorization": f"Bearer {TOKEN}"}');
  expect(curl?.match(/-H "Authorization: Bearer \$TOKEN"/g)).toHaveLength(2);
  expect(codes("lobby").join("")).not.toContain("TOKEN");
});
