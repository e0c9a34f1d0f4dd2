// SPDX-License-Identifier: MIT
// The server's address as it is given, and where its doors are.

import { WsechoError } from "../api";
import type { Addresses } from "../wamp/open";

/** The base with a slash at its end; throws `bad_request` where it is none. */
export function baseOf(given: unknown): URL {
  const url = parse(given);
  const fault = url ? faultOf(url) : "it is no address";
  if (url === null || fault !== null) throw new WsechoError("bad_request", `\`url\` is ${shown(given)}: ${fault}`);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

export function addressesOf(base: URL): Addresses {
  const websocket = new URL("ws", base);
  websocket.protocol = base.protocol === "https:" ? "wss:" : "ws:";
  return { websocket: websocket.href, http: new URL("lp", base).href };
}

function parse(given: unknown): URL | null {
  if (typeof given !== "string" && !(given instanceof URL)) return null;
  try {
    return new URL(given, globalThis.location?.href);
  } catch {
    return null;
  }
}

function faultOf({ protocol, username, password, search, hash }: URL): string | null {
  if (protocol !== "http:" && protocol !== "https:") return "it has to begin with http:// or https://";
  if (username !== "" || password !== "") return "it must have no user name in it; give a `token`";
  return search === "" && hash === "" ? null : "it must have neither a query nor a fragment";
}

function shown(given: unknown): string {
  return typeof given === "string" ? `"${given}"` : String(given);
}
