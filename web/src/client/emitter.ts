// SPDX-License-Identifier: MIT
// Tells listeners, whatever they do.

import { type Off, WsechoError } from "../api";

export class Emitter<Events> {
  readonly #report: (error: unknown) => void;
  readonly #listeners: ReadonlyMap<keyof Events, Set<(event: never) => void>>;

  /** `report` is told of a listener that throws. */
  constructor(types: readonly (keyof Events)[], report: (error: unknown) => void) {
    this.#report = report;
    this.#listeners = new Map(types.map((type) => [type, new Set()]));
  }

  /** Throws where there is no such event. */
  on<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void): Off {
    const listeners = this.#of(type);
    if (typeof listener !== "function") throw new WsechoError("bad_request", "`listener` is no function");
    // The same function may listen twice.
    const heard = (event: Events[Type]): void => this.#call(listener, event);
    listeners.add(heard);
    return () => void listeners.delete(heard);
  }

  emit<Type extends keyof Events>(type: Type, event: Events[Type]): void {
    for (const listener of [...this.#of(type)]) listener(event as never);
  }

  #of(type: keyof Events): Set<(event: never) => void> {
    const listeners = this.#listeners.get(type);
    if (listeners) return listeners;
    const known = [...this.#listeners.keys()].join(", ");
    throw new WsechoError("bad_request", `there is no event ${String(type)}: give ${known}`);
  }

  #call<Event>(listener: (event: Event) => unknown, event: Event): void {
    try {
      const result = listener(event);
      if (result instanceof Promise) result.catch(this.#report);
    } catch (error) {
      this.#report(error);
    }
  }
}
