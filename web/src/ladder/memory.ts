// SPDX-License-Identifier: MIT
// What worked is remembered for the tab and the server, with the reason for it.

import type { Transport } from "../net/status";

const KEY = "wsecho.transport ";
export const TRANSPORTS: readonly Transport[] = ["websocket", "sse", "longpoll"];

export interface Remembered {
  readonly transport: Transport;
  readonly why: string;
}

export interface Memory {
  read(): Remembered | null;
  write(remembered: Remembered): void;
}

/** A browser that keeps nothing for its pages throws when asked; elsewhere there is no storage. */
export function tabMemory(storage: () => Storage, server: string): Memory {
  return {
    read() {
      try {
        return parse(storage().getItem(KEY + server) ?? "null");
      } catch {
        return null;
      }
    },
    write(remembered) {
      try {
        storage().setItem(KEY + server, JSON.stringify(remembered));
      } catch {
        // Then every visit begins at the top.
      }
    },
  };
}

function parse(text: string): Remembered | null {
  const value = JSON.parse(text) as Partial<Record<keyof Remembered, unknown>> | null;
  const transport = transportNamed(value?.transport);
  return transport && { transport, why: typeof value?.why === "string" ? value.why : "" };
}

/** The transport of that name; null where there is none. */
export function transportNamed(name: unknown): Transport | null {
  return TRANSPORTS.find((transport) => transport === name) ?? null;
}
