// SPDX-License-Identifier: MIT
// What imports what: the page has the library as anybody else has, and the library nothing of the page.

import { expect, it } from "vitest";

const SOURCES = import.meta.glob<string>("../src/**/*.ts", { query: "?raw", import: "default", eager: true });
const IMPORT = /^(?:import|export)(?:[^;"']* from)? ["']([^"']+)["'];$/gm;
/** The folders of each room, which may import from those named behind it. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  api: [],
  net: ["api"],
  wamp: ["net", "autobahn"],
  ladder: ["net"],
  client: ["api", "ladder", "net", "wamp"],
  wsecho: ["api", "client", "net"],
  // The page. The echo has a small socket of its own.
  ui: ["wsecho"],
  access: ["ui", "wsecho"],
  echo: ["net", "ui"],
  room: ["access", "ui", "wsecho"],
  main: ["access", "echo", "room", "style", "ui", "wsecho"],
};

/** The first folder of a path, or the file's own name. */
function roomOf(path: string): string {
  return path.replace(/\.ts$/, "").split("/")[0] ?? "";
}

function targetOf(from: string, named: string): string {
  if (!named.startsWith(".")) return named;
  return new URL(named, `file:///${from}`).pathname.slice(1);
}

it.each(Object.entries(SOURCES).map(([path, text]) => [path.replace("../src/", ""), text]))("%s imports what it may", (path = "", text = "") => {
  const room = roomOf(path);
  const targets = [...text.matchAll(IMPORT)].map(([, named = ""]) => roomOf(targetOf(path, named)));
  const wrong = targets.filter((target) => target !== room && !MAY[room]?.includes(target));
  expect(wrong).toEqual([]);
});

it("looks at something", () => {
  expect(Object.keys(SOURCES).length).toBeGreaterThan(60);
});
