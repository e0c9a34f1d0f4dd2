// SPDX-License-Identifier: MIT
// All of WAMP that is no room: calls, subscriptions, registrations, and those again on each line.

import { type Keywords, type Off, Result, WsechoError } from "../api";
import { type Answer, Gone, type Happening, type Line, Refusal } from "../net/line";
import type { World } from "../net/world";
import { explained, isPassing } from "./errors";

type Listener = (args: readonly unknown[], kwargs: Keywords) => void;
type Procedure = (args: readonly unknown[], kwargs: Keywords) => unknown;

/** Publications that two lines may both tell. */
const MOST = 1_000;
/** Milliseconds that calls may take on a line that is left for a better one. */
const LAST_ANSWERS = 10_000;
/** Milliseconds before what another session still has is asked for again. */
const PAUSE = 1_000;
const TAKEN = "wamp.error.procedure_already_exists";

/** One subscription or registration: `make` makes it, and returns what takes it off again. */
export class Binding {
  /** Kept when it was made for the first time. */
  readonly made: Promise<Off>;
  readonly #world: World;
  readonly #what: string;
  readonly #make: (line: Line) => Promise<() => void | Promise<void>>;
  readonly #isOneAtATime: boolean;
  readonly #onEnd: (binding: Binding, error: WsechoError | null) => void;
  #resolve: (off: Off) => void = () => undefined;
  #reject: (error: WsechoError) => void = () => undefined;
  #tried: Line | null = null;
  #unmake: () => void | Promise<void> = () => undefined;
  #wasMade = false;
  #isOver = false;

  constructor(
    world: World,
    what: string,
    isOneAtATime: boolean,
    make: (line: Line) => Promise<() => void | Promise<void>>,
    onEnd: (binding: Binding, error: WsechoError | null) => void,
  ) {
    this.#world = world;
    this.#what = what;
    this.#isOneAtATime = isOneAtATime;
    this.#make = make;
    this.#onEnd = onEnd;
    this.made = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  hasTried(line: Line): boolean {
    return this.#tried === line;
  }

  /** Makes it on a line; rejects only where that is no good. */
  async enter(line: Line): Promise<void> {
    this.#tried = line;
    const before = this.#unmake;
    try {
      // A procedure has one callee.
      if (this.#isOneAtATime) await before();
      const unmake = await this.#make(line);
      if (this.#isOver || this.#tried !== line) return void unmake();
      this.#unmake = unmake;
      if (!this.#isOneAtATime) void before();
      this.#wasMade = true;
      this.#resolve(() => this.#end(null));
    } catch (error) {
      if (error instanceof Gone) throw error;
      if (this.#tried === line) this.#refused(line, error);
    }
  }

  fail(error: WsechoError): void {
    if (!this.#wasMade) this.#end(error);
  }

  #refused(line: Line, refusal: unknown): void {
    const error = explained(refusal, this.#what);
    // After a break the server may not have missed the session before yet.
    const isOurs = this.#wasMade && error.uri === TAKEN;
    if (!isOurs && !isPassing(error)) return this.#end(error);
    this.#world.after(PAUSE, () => {
      if (this.#tried === line && !this.#isOver) this.enter(line).catch(() => undefined);
    });
  }

  #end(error: WsechoError | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void this.#unmake();
    const isNews = error !== null && this.#wasMade;
    if (error) this.#reject(error);
    this.#onEnd(this, isNews ? error : null);
  }
}

export class Calls {
  readonly #world: World;
  readonly #onBound: (binding: Binding) => void;
  readonly #onUnbound: (binding: Binding, error: WsechoError | null) => void;
  /** Whoever waits for a line. */
  readonly #waiting = new Set<{ go(line: Line): void; fail(error: WsechoError): void }>();
  readonly #asked = new Set<Promise<Answer>>();
  #line: Line | null = null;

  constructor(
    world: World,
    onBound: (binding: Binding) => void,
    onUnbound: (binding: Binding, error: WsechoError | null) => void,
  ) {
    this.#world = world;
    this.#onBound = onBound;
    this.#onUnbound = onUnbound;
  }

  /** The line that calls go by; null while there is none. */
  set line(line: Line | null) {
    this.#line = line;
    if (line) for (const waiting of [...this.#waiting]) waiting.go(line);
  }

  /** There will be no line, as things are. */
  fail(error: WsechoError): void {
    for (const waiting of [...this.#waiting]) waiting.fail(error);
  }

  async call(procedure: string, args: readonly unknown[], kwargs: Keywords): Promise<unknown> {
    const line = this.#line ?? (await this.#nextLine());
    const asked = line.call(procedure, args, kwargs);
    this.#asked.add(asked);
    try {
      return valueOf(await asked);
    } catch (error) {
      throw explained(error, `call ${procedure}`);
    } finally {
      this.#asked.delete(asked);
    }
  }

  /** Resolves when all that was called so far has its answer, or has waited long for it. */
  async answered(): Promise<void> {
    if (this.#asked.size === 0) return;
    let cancel: Off = () => undefined;
    const late = new Promise<void>((resolve) => (cancel = this.#world.after(LAST_ANSWERS, resolve)));
    await Promise.race([Promise.allSettled(this.#asked), late]);
    cancel();
  }

  subscribe(topic: string, listener: Listener): Promise<Off> {
    const heard = new Set<number>();
    const onEvent = ({ publication, args, kwargs }: Happening): void => {
      // While one line is changed for another, both tell it.
      if (heard.has(publication)) return;
      heard.add(publication);
      const [oldest] = heard;
      if (heard.size > MOST && oldest !== undefined) heard.delete(oldest);
      this.#tell(listener, args, kwargs);
    };
    return this.#bind(`subscribe to ${topic}`, false, async (line) => {
      const subscription = await line.subscribe(topic, onEvent);
      return () => subscription.unsubscribe();
    });
  }

  register(procedure: string, answer: Procedure): Promise<Off> {
    return this.#bind(`register ${procedure}`, true, async (line) => {
      const registration = await line.register(procedure, (args, kwargs) => this.#answer(answer, args, kwargs));
      return () => registration.unregister();
    });
  }

  #bind(what: string, isOneAtATime: boolean, make: (line: Line) => Promise<() => void | Promise<void>>): Promise<Off> {
    const binding = new Binding(this.#world, what, isOneAtATime, make, this.#onUnbound);
    this.#onBound(binding);
    return binding.made;
  }

  #nextLine(): Promise<Line> {
    return new Promise((resolve, reject) => {
      const waiting = {
        go: (line: Line) => {
          this.#waiting.delete(waiting);
          resolve(line);
        },
        fail: (error: WsechoError) => {
          this.#waiting.delete(waiting);
          reject(error);
        },
      };
      this.#waiting.add(waiting);
    });
  }

  async #tell(listener: Listener, args: readonly unknown[], kwargs: Keywords): Promise<void> {
    try {
      await listener(args, kwargs);
    } catch (error) {
      this.#world.report(error);
    }
  }

  async #answer(answer: Procedure, args: readonly unknown[], kwargs: Keywords): Promise<Answer> {
    try {
      const value = await answer(args, kwargs);
      return value instanceof Result ? value : { args: value === undefined ? [] : [value], kwargs: {} };
    } catch (error) {
      if (error instanceof WsechoError && error.uri !== null) throw new Refusal(error.uri, error.message, error.args, error.kwargs);
      this.#world.report(error);
      const text = error instanceof Error ? error.message : String(error);
      throw new Refusal("wamp.error.runtime_error", text, [text]);
    }
  }
}

function valueOf({ args, kwargs }: Answer): unknown {
  const isPlain = args.length === 1 && Object.keys(kwargs).length === 0;
  return isPlain ? args[0] : new Result(args, kwargs);
}
