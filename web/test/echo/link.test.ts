// SPDX-License-Identifier: MIT
// The link: how it opens, notices loss, waits, and what the network and the tab change about it.

import { beforeEach, describe, expect, it } from "vitest";
import { Link } from "../../src/echo/link";
import type { Payload } from "../../src/net/payload";
import { FakeWorld } from "../fakes";

let world: FakeWorld;
let link: Link;
let states: string[];
let frames: Payload[];
let losses: string[];
let opened: number;

beforeEach(() => {
  world = new FakeWorld();
  states = [];
  frames = [];
  losses = [];
  opened = 0;
  link = new Link(world, "ws://here/echo", {
    onStatus: ({ state }) => states.at(-1) !== state && states.push(state),
    onOpen: () => (opened += 1),
    onFrame: (payload) => frames.push(payload),
    onLost: (why) => losses.push(why),
  });
  link.start();
});

describe("a connection that works", () => {
  it("is connecting, then open, and carries frames both ways", () => {
    expect(link.send("early")).toBe(false);
    world.socket.opens();
    world.socket.receives("one", "two");
    expect(link.send("three")).toBe(true);
    expect([states, frames, world.socket.sent]).toEqual([["connecting", "open"], ["one", "two"], ["three"]]);
  });

  it("takes nothing while its socket is closing, so that nothing is dropped in silence", () => {
    world.socket.opens();
    world.socket.closing = true;
    expect(link.send("late")).toBe(false);
  });

  it("leaves no timer and no socket behind when it is closed", () => {
    world.socket.opens();
    link.close();
    expect([world.timers, world.socket.closed]).toEqual([0, true]);
    world.comesOnline();
    expect(world.sockets).toHaveLength(1);
  });
});

describe("a connection that is lost", () => {
  it("comes back after a jittered wait and tells its owner of both", () => {
    world.socket.opens();
    world.socket.dies();
    expect(link.status()).toMatchObject({ state: "connecting", retryAt: 250, why: "the connection was lost" });
    world.passes(249);
    expect(world.sockets).toHaveLength(1);
    world.passes(1);
    world.socket.opens();
    expect([opened, losses, states]).toEqual([2, ["the connection was lost"], ["connecting", "open", "connecting", "open"]]);
    expect(link.status()).toMatchObject({ why: "", retryAt: null });
  });

  it("waits longer and longer where the server accepts and closes at once", () => {
    const waits = [1, 2, 3].map(() => {
      world.socket.opens();
      world.socket.dies(1013);
      const wait = (link.status().retryAt ?? 0) - world.now();
      world.passes(wait);
      return wait;
    });
    expect(waits).toEqual([250, 500, 1_000]);
  });

  it("starts from the shortest wait where the connection had proven itself", () => {
    for (let failure = 0; failure < 5; failure++) {
      world.socket.dies();
      world.passes(10_000);
    }
    world.socket.opens();
    world.passes(5_000);
    world.socket.dies();
    expect(link.status().retryAt).toBe(world.now() + 250);
  });

  it("stays away where coming back cannot help, until it is told to try", () => {
    world.socket.opens();
    world.socket.dies(4401, "expired");
    world.passes(600_000);
    expect([link.status().state, world.sockets.length]).toEqual(["closed", 1]);
    link.retry();
    expect(link.status().state).toBe("connecting");
    expect(world.sockets).toHaveLength(2);
  });

  it("is given up by an owner who got no answer", () => {
    world.socket.opens();
    const dead = world.socket;
    link.distrust("no answer");
    expect([dead.closed, losses, link.status().state]).toEqual([true, ["no answer"], "connecting"]);
  });
});

describe("a connection that does not come about", () => {
  it("is given up when the handshake is swallowed", () => {
    const swallowed = world.socket;
    world.passes(8_000);
    expect(swallowed.closed).toBe(true);
    world.passes(250);
    expect(world.sockets).toHaveLength(2);
    expect(losses).toEqual([]);
  });

  it("says so where the browser has no WebSocket", () => {
    world.hasWebSocket = false;
    world.socket.dies();
    world.passes(250);
    expect(link.status()).toMatchObject({ state: "closed", why: "this browser has no WebSocket", remedy: "none" });
    expect(world.timers).toBe(0);
  });

  it("tries at once when told to", () => {
    world.socket.dies();
    link.retry();
    expect(world.sockets).toHaveLength(2);
  });
});

describe("the network", () => {
  it("is offline until it is online, whatever the socket does", () => {
    world.socket.opens();
    world.goesOffline();
    world.socket.receives("still here");
    expect([link.status().state, frames, link.send("no")]).toEqual(["offline", ["still here"], false]);
    world.socket.dies();
    world.passes(60_000);
    expect([link.status().state, world.sockets.length]).toEqual(["offline", 1]);
  });

  it("goes on with a connection that speaks when it is back, and only then hands over", () => {
    world.socket.opens();
    world.goesOffline();
    world.comesOnline();
    expect([link.status().state, link.send("too early")]).toEqual(["connecting", false]);
    world.socket.receives("held back meanwhile");
    world.passes(60_000);
    expect([link.status().state, opened, frames, losses]).toEqual(["open", 2, ["held back meanwhile"], []]);
    expect([world.sockets.length, world.timers]).toEqual([1, 0]);
  });

  it("replaces a connection that says nothing when it is back, since it may be dead without a word", () => {
    world.socket.opens();
    const old = world.socket;
    world.goesOffline();
    world.comesOnline();
    world.passes(1_000);
    expect([old.closed, world.sockets.length, losses]).toEqual([true, 2, ["the network was away"]]);
    world.socket.opens();
    expect([opened, states]).toEqual([2, ["connecting", "open", "offline", "connecting", "open"]]);
  });

  it("may go and come as it likes without a connection left over", () => {
    world.socket.opens();
    for (let time = 0; time < 5; time++) {
      world.goesOffline();
      world.passes(5_000);
      world.comesOnline();
    }
    world.socket.dies();
    expect([losses, link.status().state]).toEqual([["the connection was lost"], "connecting"]);
    world.passes(250);
    expect([world.sockets.length, world.timers]).toEqual([2, 1]);
  });

  it("ends an attempt and takes it up again, jittered, when it is back", () => {
    world.goesOffline();
    expect([world.socket.closed, world.timers]).toEqual([true, 0]);
    world.comesOnline();
    expect(world.sockets).toHaveLength(1);
    world.passes(250);
    expect(world.sockets).toHaveLength(2);
  });
});

describe("a hidden tab", () => {
  it("waits long, and tries when it is looked at", () => {
    world.hidden = true;
    world.socket.dies();
    world.passes(14_999);
    expect(world.sockets).toHaveLength(1);
    world.isLookedAt();
    expect(world.sockets).toHaveLength(2);
  });

  it("does not try with every flick through the tabs", () => {
    world.hidden = true;
    world.socket.dies();
    world.isLookedAt();
    world.isLookedAt();
    expect(world.sockets).toHaveLength(1);
  });
});
