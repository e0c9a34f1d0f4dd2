// SPDX-License-Identifier: MIT
// Which addresses in a stranger's text are links, and that the text stays what it is.

import { describe, expect, it } from "vitest";
import { piecesOf } from "../../src/ui/links";

const linksOf = (text: string, isCut = false): string[] =>
  piecesOf(text, isCut).flatMap(({ text, href }) => (href === null ? [] : [text]));

it.each([
  ["see http://a.example and https://b.example/c?d=e#f!", ["http://a.example", "https://b.example/c?d=e#f"]],
  ["HTTPS://A.example:8443/", ["HTTPS://A.example:8443/"]],
  ["(see https://a.example/b_(c)), then", ["https://a.example/b_(c)"]],
  ["https://a.example/b_(c)_(d)).", ["https://a.example/b_(c)_(d)"]],
  ["[https://a.example] “https://b.example” <https://c.example>", ["https://a.example", "https://b.example", "https://c.example"]],
  ["一https://a.example/二。", ["https://a.example/二"]],
  ["http://[::1]:8080/x", ["http://[::1]:8080/x"]],
  ["a\thttps://a.example\nb", ["https://a.example"]],
  ["https://bücher.example http://xn--bcher-kva.example", ["https://bücher.example", "http://xn--bcher-kva.example"]],
])("finds the addresses in %j", (text, addresses) => {
  expect(linksOf(text)).toEqual(addresses);
});

it.each([
  "javascript:alert(1)",
  "javascript://a.example/%0aalert(1)",
  "java\nscript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:x file:///etc/passwd ftp://a.example blob:https://a.example/1",
  "ws://a.example www.a.example a@b.example mailto:a@b.example",
  "http:// https://? http://%zz/ https:///",
  "xhttp://a.example",
  // What is seen as the host is a user's name.
  "https://bank.example@evil.example/ http://a:b@c.example",
  // Turned, or broken up by what cannot be seen.
  "https://a.example/\u202egpj.exe",
  "https://a.example\u200b.evil.example",
  "https://a.\u2066b\u2069.example",
  "https://a\u00ad.example",
])("finds none in %j", (text) => {
  expect(linksOf(text)).toEqual([]);
});

it.each([
  "",
  "no address",
  "https://a.example",
  "a https://a.example, b (https://b.example). c",
  "https://u@a.example then https://b.example",
  "\u202eabc https://a.example \u0301\u0302",
  "https://https://https://a.example))))",
])("leaves every character of %j where it is", (text) => {
  expect(piecesOf(text).map((piece) => piece.text).join("")).toBe(text);
});

describe("a text that is cut", () => {
  it("ends in no address, since nobody knows how that went on", () => {
    expect(linksOf("http://a.example http://b.exa", true)).toEqual(["http://a.example"]);
    expect(linksOf("http://a.example b", true)).toEqual(["http://a.example"]);
  });
});

it("leads where the browser says, in its own spelling of a host", () => {
  const [link] = piecesOf("http://bücher.example");
  expect(link?.href).toBe("http://xn--bcher-kva.example/");
});

it("is done with a hostile text in no time that grows faster than the text", () => {
  const hostile = `http://a.example/${")".repeat(100_000)}`;
  expect(linksOf(hostile)).toEqual(["http://a.example/"]);
  expect(linksOf("(http://".repeat(20_000)).length).toBeLessThan(2);
});
