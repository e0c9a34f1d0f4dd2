// SPDX-License-Identifier: MIT
// What was received is kept up to a size, the oldest going first, and given back to the browser.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Shelf } from "../../src/ui/shelf";

let alive: Map<string, Blob>;
let gone: string[];

beforeEach(() => {
  [alive, gone] = [new Map(), []];
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    const url = `blob:${alive.size + gone.length + 1}`;
    alive.set(url, blob as Blob);
    return url;
  });
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => {
    alive.delete(url);
    gone.push(url);
  });
});

afterEach(() => vi.restoreAllMocks());

const put = (shelf: Shelf, size: number, told: string[] = []): string => {
  const url: string = shelf.put(new Uint8Array(size), "application/octet-stream", () => told.push(url));
  return url;
};

it("lets the oldest go for the newest, and says so", () => {
  const [shelf, told] = [new Shelf(100), [] as string[]];
  const [one, two, three] = [put(shelf, 40, told), put(shelf, 60, told), put(shelf, 50, told)];
  expect([told, [...alive.keys()]]).toEqual([[one, two], [three]]);
});

it("keeps one that is larger than all it may keep", () => {
  const shelf = new Shelf(100);
  put(shelf, 10);
  const large = put(shelf, 1_000);
  expect([...alive.keys()]).toEqual([large]);
});

it("counts what was dropped no more, and drops nothing twice", () => {
  const shelf = new Shelf(100);
  const one = put(shelf, 60);
  shelf.drop(one);
  shelf.drop(one);
  shelf.drop("blob:another");
  const [two, three] = [put(shelf, 50), put(shelf, 50)];
  expect([gone, [...alive.keys()]]).toEqual([[one], [two, three]]);
});

it("gives bytes the type that it is told", () => {
  const url = put(new Shelf(), 1);
  expect(alive.get(url)?.type).toBe("application/octet-stream");
});
