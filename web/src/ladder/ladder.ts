// SPDX-License-Identifier: MIT
// Keeps one line open, on the highest rung that works, and moves up without dropping anything.

import { Backoff } from "../net/backoff";
import { type Fault, isFinal, type Line, type OpenLine } from "../net/line";
import type { ErrorCode, Remedy, State, Status, Transport } from "../net/status";
import type { Cancel, World } from "../net/world";
import { Ascent } from "./ascent";
import { Deadline } from "./deadline";
import { Deaths } from "./deaths";
import { Descent } from "./descent";
import { Route, type RouteOptions } from "./route";
import type { Rung } from "./rung";
import type { Tenant } from "./tenant";
import { Vigil } from "./vigil";
import { outage } from "./words";

/** A server that accepts and then closes at once has not worked. */
const PROVEN = 5_000;
/** Looking at the tab tries at once, but not with every flick through the tabs. */
const BETWEEN_LOOKS = 1_000;

type Phase =
  | { readonly name: "idle" }
  | { readonly name: "preparing"; readonly cancel: Cancel }
  | { readonly name: "descending"; readonly descent: Descent }
  | { readonly name: "open"; readonly rung: Rung; readonly vigil: Vigil; readonly since: number }
  | { readonly name: "waiting"; readonly until: number; readonly cancel: Cancel }
  | { readonly name: "ended"; readonly remedy: Remedy; readonly code: ErrorCode };

export interface LadderOptions extends RouteOptions {
  /** What has to be done before rungs are tried, within no rung's time; null where nothing has. */
  prepare(): Promise<void> | null;
  /** Whether preparing may come to another token than the one that was not taken. */
  mayRenew(): boolean;
}

export class Ladder {
  readonly #world: World;
  readonly #open: OpenLine;
  readonly #route: Route;
  readonly #options: LadderOptions;
  readonly #backoff: Backoff;
  readonly #deadline = new Deadline();
  readonly #deaths = new Deaths();
  #phase: Phase = { name: "idle" };
  #ascent: Ascent | null = null;
  #network: "online" | "offline" = "online";
  #transport: Transport;
  #why = "";
  #triedAt = -Infinity;
  #tenant: Tenant | null = null;
  #unwatch: Cancel = () => undefined;
  /** Whether it ever stood: what answers otherwise now is no other program. */
  #hasStood = false;
  /** Whether a token was asked for again since the last one did. */
  #hasRenewed = false;

  constructor(world: World, open: OpenLine, options: LadderOptions) {
    this.#world = world;
    this.#open = open;
    this.#options = options;
    this.#route = new Route(options);
    this.#backoff = new Backoff(world.random);
    this.#transport = this.#route.first;
  }

  start(): void {
    this.#unwatch = this.#world.watch({
      onOffline: () => this.#wentOffline(),
      onOnline: () => this.#cameOnline(),
      onVisible: () => this.#wasLookedAt(),
    });
    this.#descend();
  }

  /** Lets a tenant in, in place of the one before; what is returned lets it out. */
  serve(tenant: Tenant): Cancel {
    this.#tenant = tenant;
    tenant.onStatus(this.status());
    if (this.#phase.name === "open") this.#moveIn(this.#phase.rung);
    return () => {
      if (this.#tenant === tenant) this.#tenant = null;
    };
  }

  /** Tries at once, whatever it was waiting for. */
  retry(): void {
    if (this.#phase.name === "waiting" || this.#phase.name === "ended") this.renew();
  }

  /** Leaves the line, and tries no more. */
  close(why: string): void {
    this.#unwatch();
    const line = this.#leaveLine();
    if (line) this.#tenant?.onLost(line, why);
    this.#network = "online";
    this.#why = why;
    this.#enter({ name: "ended", remedy: "none", code: "closed" });
  }

  /** Begins anew, as somebody else may be let in where this page was not. */
  renew(): void {
    const line = this.#leaveLine();
    if (line) this.#tenant?.onLost(line, "the connection was changed");
    this.#backoff.reset();
    this.#hasRenewed = false;
    this.#why = "";
    this.#descend();
    this.#show();
  }

  /** Returns the line that was open. */
  #leaveLine(): Line | null {
    const line = this.#phase.name === "open" ? this.#phase.rung.line : null;
    this.#leavePhase();
    return line;
  }

  status(): Status {
    return {
      state: this.#state(),
      transport: this.#transport,
      why: this.#phase.name === "open" ? this.#route.fall : this.#why,
      retryAt: this.#phase.name === "waiting" ? this.#phase.until : null,
      remedy: this.#phase.name === "ended" ? this.#phase.remedy : "retry",
      code: this.#phase.name === "ended" ? this.#phase.code : null,
    };
  }

  #state(): State {
    if (this.#network === "offline") return "offline";
    if (this.#phase.name === "ended") return "closed";
    return this.#phase.name === "open" ? "open" : "connecting";
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#show();
  }

  #show(): void {
    this.#tenant?.onStatus(this.status());
  }

  #leavePhase(): void {
    const phase = this.#phase;
    if (phase.name === "waiting" || phase.name === "preparing") phase.cancel();
    if (phase.name === "descending") phase.descent.cancel();
    if (phase.name === "open") {
      phase.vigil.stop();
      phase.rung.drop();
      this.#ascent?.stop();
      this.#ascent = null;
    }
    this.#phase = { name: "idle" };
  }

  // Down.

  #descend(): void {
    this.#triedAt = this.#world.now();
    const preparing = this.#options.prepare();
    if (!preparing) return this.#tryRungs();
    let isOver = false;
    this.#phase = { name: "preparing", cancel: () => (isOver = true) };
    preparing.then(
      () => isOver || this.#tryRungs(),
      (error: unknown) => {
        if (isOver) return;
        this.#why = messageOf(error);
        this.#wait();
      },
    );
  }

  #tryRungs(): void {
    const order = this.#route.order();
    const descent = new Descent(this.#world, this.#open, order, this.#deadline.milliseconds, {
      onTrying: (transport) => this.#isTrying(transport),
      onFound: (rung, line, faults) => this.#found(rung, line, faults),
      onNone: (faults) => this.#foundNone(faults),
    });
    this.#phase = { name: "descending", descent };
    descent.start();
  }

  #isTrying(transport: Transport): void {
    this.#transport = transport;
    this.#why = this.#route.reason(transport) || this.#why;
    this.#show();
  }

  #found(rung: Rung, line: Line, faults: readonly Fault[]): void {
    const isOutage = this.#route.isOutage(faults);
    this.#stand(rung, line, this.#watchOver(rung, line), faults);
    this.#moveIn(rung);
    if (rung.transport !== this.#route.best) this.#lookUp(isOutage);
  }

  #foundNone(faults: readonly Fault[]): void {
    if (faults.every(({ kind }) => kind === "late")) this.#deadline.wasTooShort();
    this.#route.forgive();
    const foreign = this.#hasStood ? undefined : faults.find(({ kind }) => kind === "foreign");
    const final = faults.find(isFinal) ?? foreign;
    this.#why = final?.text ?? outage(faults);
    if (final) this.#end(final);
    else if (faults.every(({ kind }) => kind === "missing")) this.#enter({ name: "ended", remedy: "none", code: "unavailable" });
    else this.#wait();
  }

  #end({ kind }: Fault): void {
    if (kind !== "unauthorized") {
      this.#enter({ name: "ended", remedy: "retry", code: kind === "foreign" ? "not_wsecho" : "forbidden" });
    } else if (this.#options.mayRenew() && !this.#hasRenewed) {
      this.#hasRenewed = true;
      this.#descend();
      this.#show();
    } else {
      this.#enter({ name: "ended", remedy: "token", code: "unauthorized" });
    }
  }

  #wait(): void {
    // An outage may end on any rung, and what worked last is where to look first.
    this.#transport = this.#route.first;
    if (this.#network === "offline") {
      this.#enter({ name: "idle" });
      return;
    }
    const delay = this.#backoff.next(this.#world.isHidden());
    const cancel = this.#world.after(delay, () => this.#descend());
    this.#enter({ name: "waiting", until: this.#world.now() + delay, cancel });
  }

  // On a rung.

  #watchOver(rung: Rung, line: Line): Vigil {
    return new Vigil(this.#world, line, () => this.#deaths.areFresh(this.#world.now()), {
      onDead: () => rung.fail("silent", "the connection went silent"),
      onRoundTrip: (milliseconds) => this.#deadline.saw(milliseconds),
    });
  }

  #stand(rung: Rung, line: Line, vigil: Vigil, faults: readonly Fault[]): void {
    rung.listener = {
      onOpen: () => undefined,
      onHeard: () => vigil.heard(),
      onFault: (_rung, fault) => this.#lost(rung, line, fault),
    };
    this.#why = "";
    this.#hasStood = true;
    this.#transport = rung.transport;
    this.#route.arrive(rung.transport, faults, this.#world.date());
    this.#deadline.opened();
    // Opening takes several round trips, so this errs towards patience.
    this.#deadline.saw(rung.took / 3);
    this.#enter({ name: "open", rung, vigil, since: this.#world.now() });
  }

  #moveIn(rung: Rung): void {
    const line = rung.line;
    if (!line || !this.#tenant) return;
    this.#tenant.onLine(line).catch((error: unknown) => {
      // Of a line that ended by itself it is known already.
      rung.fail("silent", messageOf(error));
    });
  }

  #lost(rung: Rung, line: Line, fault: Fault): void {
    const before = this.#phase;
    if (before.name !== "open" || before.rung !== rung) return;
    if (this.#world.now() - before.since >= PROVEN) {
      this.#backoff.reset();
      this.#hasRenewed = false;
    }
    this.#leavePhase();
    this.#tenant?.onLost(line, fault.text);
    this.#why = fault.text;
    if (isFinal(fault)) {
      this.#end(fault);
      return;
    }
    // Of the server's stopping, and of one message that it does not take, no transport is to blame.
    const isDeath = fault.kind !== "stopping" && fault.kind !== "too_large";
    if (isDeath && this.#deaths.add(rung.transport, this.#world.now())) this.#route.stepDown(fault);
    this.#wait();
  }

  // Up.

  #lookUp(isSoon: boolean): void {
    const deadline = (): number => this.#deadline.milliseconds;
    const ascent = new Ascent(this.#world, this.#open, this.#route.best, deadline, isSoon, (rung) => {
      void this.#climb(ascent, rung);
    });
    this.#ascent = ascent;
  }

  /** Both lines are open until the tenant has moved; then the lower one is left. */
  async #climb(ascent: Ascent, rung: Rung): Promise<void> {
    const line = rung.line;
    if (!line) return;
    const vigil = this.#watchOver(rung, line);
    try {
      // Another may have moved in below meanwhile.
      for (let moved: Tenant | null = null; moved !== this.#tenant; ) {
        moved = this.#tenant;
        await moved?.onLine(line);
      }
    } catch {
      vigil.stop();
      if (this.#ascent === ascent) ascent.failed();
      return;
    }
    const before = this.#phase;
    if (this.#ascent !== ascent || !rung.line || before.name !== "open") {
      vigil.stop();
      return;
    }
    ascent.release();
    this.#ascent = null;
    before.vigil.stop();
    this.#stand(rung, line, vigil, []);
    before.rung.drop();
  }

  // The world around.

  #wentOffline(): void {
    this.#network = "offline";
    const { name } = this.#phase;
    // An open line is left alone: to a server on this very machine it goes on working.
    if (name === "preparing" || name === "descending" || name === "waiting") this.#leavePhase();
    this.#show();
  }

  #cameOnline(): void {
    this.#network = "online";
    this.#backoff.reset();
    const phase = this.#phase;
    if (phase.name === "open") phase.vigil.doubt();
    this.#ascent?.now();
    // Jittered, since everyone in the building comes back at the same moment.
    if (phase.name === "idle") this.#wait();
    else this.#show();
  }

  #wasLookedAt(): void {
    const phase = this.#phase;
    if (phase.name === "open") phase.vigil.doubt();
    if (phase.name !== "waiting" || this.#world.now() - this.#triedAt < BETWEEN_LOOKS) return;
    phase.cancel();
    this.#descend();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
