// SPDX-License-Identifier: MIT
// The ladder: which rung it stands on when, why, and when it looks up again.

import { beforeEach, describe, expect, it } from "vitest";
import { Ladder } from "../../src/ladder/ladder";
import { type Memory, type Remembered, TRANSPORTS } from "../../src/ladder/memory";
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
let preparing: () => Promise<void> | null;
let mayRenew: boolean;

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
  const rungs = forced ? [forced] : TRANSPORTS;
  ladder = new Ladder(world, network.open, { memory, rungs, prepare: () => preparing(), mayRenew: () => mayRenew });
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
  preparing = () => null;
  mayRenew = false;
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
    expect(status()).toMatchObject({ transport: "sse", why: "WebSocket not answering: fell back to SSE at 10:42:11" });
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
    expect(status().why).toBe("WebSocket not answering, SSE not answering: fell back to long-polling at 10:42:12");
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
    expect(status()).toMatchObject({ transport: "sse", why: "WebSocket lost twice: fell back to SSE at 10:43:06" });
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
  preparing = () => null;
  mayRenew = false;
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

describe("a message that was too large", () => {
  it("is no death of the transport that carried it, however often", async () => {
    await begin();
    for (let times = 0; times < 5; times++) {
      network.latest.fails("too_large");
      await passes(6_000);
      expect(status()).toMatchObject({ state: "open", transport: "websocket", why: "" });
    }
  });
});

describe("what is no wsecho", () => {
  beforeEach(() => {
    network.ways.websocket = "refused";
    network.ways.sse = network.ways.longpoll = "foreign";
  });

  it("is said to be none", async () => {
    await begin();
    expect([network.tried, status(), world.timers]).toMatchObject([
      "websocket sse longpoll",
      { state: "closed", code: "not_wsecho", remedy: "retry" },
      0,
    ]);
    network.ways.websocket = "works";
    ladder.retry();
    await settle();
    expect(status()).toMatchObject({ state: "open", code: null });
  });

  it("is an outage where there was one before", async () => {
    network.ways.websocket = "works";
    await begin();
    network.ways.websocket = "refused";
    network.latest.fails("lost");
    await passes(30_000);
    expect(status().state).toBe("connecting");
    network.ways.websocket = "works";
    await passes(10_000);
    expect(status().state).toBe("open");
  });
});

describe("what has to be done before", () => {
  it("takes no time of the rungs', and is done before each way down", async () => {
    let ready: () => void = () => undefined;
    let asked = 0;
    preparing = () => {
      asked += 1;
      return new Promise((resolve) => (ready = resolve));
    };
    await begin();
    await passes(9_000);
    expect([network.tried, status().state]).toEqual(["", "connecting"]);
    ready();
    await settle();
    expect([network.tried, status().state, asked]).toEqual(["websocket", "open", 1]);
    network.latest.fails("lost");
    await passes(2_000);
    expect(asked).toBe(2);
  });

  it("is done again after a while where it failed, and says why", async () => {
    preparing = () => Promise.reject(new Error("no token today"));
    await begin();
    expect(status()).toMatchObject({ state: "connecting", why: "no token today" });
    expect(status().retryAt).not.toBeNull();
    preparing = () => null;
    await passes(1_000);
    expect(status().state).toBe("open");
  });

  it("is not waited for any more once the ladder was left", async () => {
    let ready: () => void = () => undefined;
    preparing = () => new Promise((resolve) => (ready = resolve));
    await begin();
    ladder.close("enough");
    ready();
    await settle();
    expect([network.tried, status()]).toMatchObject(["", { state: "closed", why: "enough" }]);
  });
});

describe("a token that is not taken", () => {
  it("is asked for once more, and then no more", async () => {
    mayRenew = true;
    network.ways.websocket = "unauthorized";
    await begin();
    expect([network.tried, status(), world.timers]).toMatchObject([
      "websocket websocket",
      { state: "closed", code: "unauthorized", remedy: "token" },
      0,
    ]);
  });

  it("is asked for again each time that one expires", async () => {
    mayRenew = true;
    await begin();
    for (let times = 0; times < 3; times++) {
      await passes(6_000);
      network.latest.fails("unauthorized");
      await settle();
      expect(status().state).toBe("open");
    }
    // A server that takes each and ends each at once has not taken it.
    network.latest.fails("unauthorized");
    await settle();
    network.latest.fails("unauthorized");
    await settle();
    expect(status()).toMatchObject({ state: "closed", code: "unauthorized" });
  });
});

describe("the end", () => {
  it.each(["works", "silent", "refused"] as const)("leaves nothing behind where WebSocket %s", async (way) => {
    network.ways.websocket = network.ways.sse = network.ways.longpoll = way;
    await begin();
    await passes(2_000);
    ladder.close("enough");
    await settle();
    const tried = network.tried;
    world.goesOffline();
    world.comesOnline();
    world.isLookedAt();
    await passes(120_000);
    expect([network.alive, world.timers, network.tried]).toEqual(["", 0, tried]);
    expect(status()).toMatchObject({ state: "closed", why: "enough", remedy: "none", code: "closed", retryAt: null });
    expect(lost).toEqual(way === "works" ? ["websocket: enough"] : []);
  });

  it("ends looking up too", async () => {
    network.ways.websocket = "refused";
    await begin();
    ladder.close("enough");
    await passes(120_000);
    expect([network.tried, world.timers]).toEqual(["websocket sse", 0]);
  });
});
