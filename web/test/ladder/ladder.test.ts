// SPDX-License-Identifier: MIT
// The ladder: which rung it stands on when, why, and when it looks up again.

import { beforeEach, describe, expect, it } from "vitest";
import { Ladder } from "../../src/ladder/ladder";
import type { Memory, Remembered } from "../../src/ladder/memory";
import type { Tenant } from "../../src/ladder/tenant";
import type { Line } from "../../src/net/line";
import type { Status, Transport } from "../../src/net/status";
import { FakeWorld } from "../fakes";
import { FakeNetwork, settle } from "../lines";

let world: FakeWorld;
let network: FakeNetwork;
let remembered: Remembered | null;
let ladder: Ladder;
let lines: Line[];
let lost: string[];
let moving: (line: Line) => Promise<void>;

const memory: Memory = {
  read: () => remembered,
  write: (what) => {
    remembered = what;
  },
};

const tenant: Tenant = {
  onStatus: () => undefined,
  onLine: (line) => {
    lines.push(line);
    return moving(line);
  },
  onLost: (line, why) => lost.push(`${line.transport}: ${why}`),
};

async function begin(forced: Transport | null = null): Promise<void> {
  ladder = new Ladder(world, network.open, { memory, forced });
  ladder.serve(tenant);
  ladder.start();
  await settle();
}

/** Time goes by in small steps, as it does for whoever is waiting for an answer. */
async function passes(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 100) {
    world.passes(Math.min(100, milliseconds - passed));
    await settle();
  }
}

const status = (): Status => ladder.status();

beforeEach(() => {
  world = new FakeWorld();
  network = new FakeNetwork();
  remembered = null;
  lines = [];
  lost = [];
  moving = () => Promise.resolve();
});

describe("on the way down", () => {
  it("stands on WebSocket where that works, and tries nothing else", async () => {
    await begin();
    expect([network.tried, status()]).toMatchObject(["websocket", { state: "open", transport: "websocket", why: "" }]);
    expect(remembered).toEqual({ transport: "websocket", why: "" });
  });

  it.each([
    ["missing", "WebSocket missing in this browser: fell back to SSE at 10:42:07"],
    ["refused", "WebSocket refused: fell back to SSE at 10:42:07"],
  ] as const)("goes on at once where WebSocket is %s, and says why", async (way, why) => {
    network.ways.websocket = way;
    await begin();
    expect([world.now(), status()]).toMatchObject([0, { state: "open", transport: "sse", why }]);
  });

  it("waits 4 s for a WebSocket that does not answer, with the next rung at hand", async () => {
    network.ways.websocket = "silent";
    await begin();
    await passes(3_900);
    expect([status(), network.alive]).toMatchObject([{ state: "connecting", transport: "websocket" }, "websocket sse"]);
    await passes(100);
    expect(status()).toMatchObject({ transport: "sse", why: "WebSocket not answering: fell back to SSE at 10:42:07" });
    expect(network.alive).toBe("sse");
  });

  it("leaves the lower rung that was at hand when WebSocket answers after all", async () => {
    network.ways.websocket = "silent";
    await begin();
    await passes(3_000);
    network.opened[0]?.welcomes();
    await settle();
    expect([status().transport, network.alive]).toEqual(["websocket", "websocket"]);
  });

  it("is on the third rung in less than twice the time where two do not answer", async () => {
    network.ways.websocket = network.ways.sse = "silent";
    await begin();
    await passes(5_500);
    expect(status()).toMatchObject({ state: "open", transport: "longpoll" });
    expect(status().why).toBe("WebSocket not answering, SSE not answering: fell back to long-polling at 10:42:07");
  });

  it("tries only the rung that is asked for", async () => {
    await begin("longpoll");
    expect([network.tried, status().transport, remembered]).toEqual(["longpoll", "longpoll", null]);
  });

  it("begins with what worked in this tab, and keeps the reason", async () => {
    remembered = { transport: "sse", why: "WebSocket refused: long ago" };
    await begin();
    expect([network.tried, status()]).toMatchObject(["sse", { state: "open", why: "WebSocket refused: long ago" }]);
  });

  it("ends where the server does not let it in", async () => {
    network.ways.websocket = "denied";
    await begin();
    expect([network.tried, status(), world.timers]).toMatchObject(["websocket", { state: "closed", why: "denied it was", remedy: "retry" }, 0]);
  });

  it("asks for a token where the server does, and begins anew with it", async () => {
    network.ways.websocket = "unauthorized";
    await begin();
    expect([network.tried, status(), world.timers]).toMatchObject(["websocket", { state: "closed", remedy: "token" }, 0]);
    network.ways.websocket = "works";
    ladder.renew();
    await settle();
    expect([status(), lines.length]).toMatchObject([{ state: "open", why: "" }, 1]);
  });

  it("has nothing to offer where the only rung there is to be is missing", async () => {
    network.ways.websocket = "missing";
    await begin("websocket");
    expect(status()).toMatchObject({ state: "closed", remedy: "none" });
  });
});

describe("when no rung answers", () => {
  beforeEach(async () => {
    await begin();
    network.ways.websocket = network.ways.sse = network.ways.longpoll = "refused";
    network.latest.fails("stopping");
    await settle();
  });

  it("begins again from what worked last, at most 10 s apart", async () => {
    world.dice = 0.999;
    await passes(60_000);
    const rounds = network.tried.split("websocket").length - 2;
    expect(rounds).toBeGreaterThanOrEqual(6);
    expect(status()).toMatchObject({ state: "connecting", transport: "websocket" });
    network.ways.websocket = network.ways.sse = network.ways.longpoll = "works";
    await passes(10_000);
    expect(status()).toMatchObject({ state: "open", transport: "websocket", why: "" });
  });

  it("spreads over the whole time, and does not storm from a hidden tab", async () => {
    world.dice = 0;
    await passes(100);
    world.dice = 0.5;
    world.hidden = true;
    const before = network.opened.length;
    await passes(14_000);
    expect(network.opened.length - before).toBeLessThanOrEqual(3);
  });

  it("looks up soon where the server came back between two rungs", async () => {
    network.ways.sse = "works";
    await passes(500);
    expect(status().transport).toBe("sse");
    network.ways.websocket = "works";
    await passes(4_000);
    expect(status().transport).toBe("websocket");
  });
});

describe("when an open line dies", () => {
  it("tries the same rung again after one death", async () => {
    await begin();
    network.latest.fails("lost");
    await passes(500);
    expect([network.tried, status(), lost]).toMatchObject(["websocket websocket", { state: "open" }, ["websocket: lost it was"]]);
  });

  it("steps down after two within a minute", async () => {
    await begin();
    network.latest.fails("lost");
    await passes(59_000);
    network.latest.fails("lost");
    await passes(1_000);
    expect(status()).toMatchObject({ transport: "sse", why: "WebSocket lost twice: fell back to SSE at 10:42:07" });
  });

  it("does not count deaths further apart, nor a server that stops", async () => {
    await begin();
    for (const kind of ["lost", "stopping", "stopping"] as const) {
      network.latest.fails(kind);
      await passes(1_000);
    }
    await passes(60_000);
    network.latest.fails("lost");
    await passes(1_000);
    expect(status().transport).toBe("websocket");
  });

  it("notices a black hole by asking, and is on a lower rung within 30 s", async () => {
    await begin();
    network.latest.line.isMute = true;
    network.ways.websocket = "silent";
    await passes(13_000);
    expect(lost).toEqual(["websocket: the connection went silent"]);
    await passes(6_000);
    expect(status()).toMatchObject({ state: "open", transport: "sse" });
  });
});

describe("on a lower rung", () => {
  beforeEach(async () => {
    network.ways.websocket = "refused";
    await begin();
  });

  it.each([
    [0, 45_000],
    [0.999, 74_900],
  ])("tries WebSocket again between 45 and 75 s (dice %d)", async (dice, after) => {
    world.dice = dice;
    network = new FakeNetwork();
    network.ways.websocket = "refused";
    remembered = null;
    await begin();
    await passes(after - 100);
    expect(network.tried).toBe("websocket sse");
    await passes(200);
    expect(network.tried).toBe("websocket sse websocket");
    await passes(after + 200);
    expect(network.tried).toBe("websocket sse websocket websocket");
  });

  it("tries at once when the network is back, and has both lines until the tenant has moved", async () => {
    let moved: () => void = () => undefined;
    moving = () => new Promise((resolve) => (moved = resolve));
    network.ways.websocket = "works";
    world.comesOnline();
    await settle();
    expect([network.alive, status().transport]).toEqual(["sse websocket", "sse"]);
    moved();
    await settle();
    expect([network.alive, status()]).toMatchObject(["websocket", { state: "open", transport: "websocket", why: "" }]);
    expect(lost).toEqual([]);
  });

  it("stays where it is when WebSocket goes silent before the tenant has moved", async () => {
    moving = (line) => line.call("anything", [], {}).then(() => undefined);
    network.ways.websocket = "works";
    world.comesOnline();
    await settle();
    network.latest.line.isMute = true;
    await passes(7_000);
    expect([network.alive, status()]).toMatchObject(["sse", { state: "open", transport: "sse" }]);
    moving = () => Promise.resolve();
    await passes(75_000);
    expect(status().transport).toBe("websocket");
  });

  it("moves whoever came in meanwhile as well", async () => {
    let moved: () => void = () => undefined;
    moving = () => new Promise((resolve) => (moved = resolve));
    network.ways.websocket = "works";
    world.comesOnline();
    await settle();
    const others: Line[] = [];
    ladder.serve({ ...tenant, onLine: async (line) => void others.push(line) });
    moved();
    await settle();
    expect(others.map(({ transport }) => transport)).toEqual(["sse", "websocket"]);
    expect(status().transport).toBe("websocket");
  });
});

describe("offline", () => {
  it("is said at once, whatever the line does, and the line is asked when it is over", async () => {
    await begin();
    world.goesOffline();
    expect([status().state, network.alive]).toEqual(["offline", "websocket"]);
    network.latest.line.isMute = true;
    world.comesOnline();
    expect(status().state).toBe("open");
    await passes(3_000);
    expect(lost).toEqual(["websocket: the connection went silent"]);
  });

  it("tries nothing, and again when it is over", async () => {
    await begin();
    world.goesOffline();
    network.latest.fails("lost");
    await passes(60_000);
    expect(network.tried).toBe("websocket");
    world.comesOnline();
    await passes(500);
    expect(status()).toMatchObject({ state: "open", transport: "websocket" });
  });
});

describe("who is let in", () => {
  it("asks for another token when this one expires, and tries nothing by itself", async () => {
    await begin();
    network.latest.fails("unauthorized", "the token has expired");
    await passes(120_000);
    expect([status(), lost, network.tried]).toMatchObject([
      { state: "closed", why: "the token has expired", remedy: "token" },
      ["websocket: the token has expired"],
      "websocket",
    ]);
  });

  it("is asked anew on an open line too, which is left for it", async () => {
    await begin();
    ladder.renew();
    await settle();
    expect([network.tried, network.alive, lost, lines.length, status()]).toMatchObject([
      "websocket websocket",
      "websocket",
      ["websocket: the connection was changed"],
      2,
      { state: "open" },
    ]);
  });
});
