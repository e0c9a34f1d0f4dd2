// SPDX-License-Identifier: MIT
// The library: rooms, and the rest of WAMP, over whatever transport works.

import type { ConnectOptions, Server } from "./api";
import { WampServer } from "./client/server";
import { surroundings } from "./net/surroundings";

export * from "./api";

/** Which release of wsecho this belongs to. */
export const version: string = __VERSION__;

/**
 * Connects to a server, and again whenever the connection is lost, until `close`.
 *
 * `url` is the server's base, such as `https://rooms.example.org/`; in a page it may be relative.
 * Throws a `WsechoError` with `bad_request` where an argument means nothing, and never otherwise:
 * how it stands, `status` tells.
 */
export function connect(url: string | URL, options: ConnectOptions = {}): Server {
  // Elsewhere what is kept there is not of a tab.
  const storage = (): Storage => (typeof document === "undefined" ? NOWHERE : sessionStorage);
  return new WampServer(surroundings, url, options, storage);
}

const NOWHERE = { getItem: () => null, setItem: () => undefined } as unknown as Storage;
