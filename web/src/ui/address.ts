// SPDX-License-Identifier: MIT
// The WebSocket addresses of the page's own origin.

/** `path` with a leading slash, on the host that the page came from. */
export function socketUrl({ protocol, host }: Location | URL, path: string): string {
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}${path}`;
}
