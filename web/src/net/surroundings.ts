// SPDX-License-Identifier: MIT
// The world as it is here: a page, a worker, Node, Bun or Deno, each with what it has.

import type { Cancel, Socket, SocketListener, Watcher, World } from "./world";

const isPage = typeof document !== "undefined";
const { process } = globalThis as { process?: { versions?: { node?: string } } };
/** Where an error that nobody catches would end the process. Bundlers give pages a `process`, too. */
const isProcess = !isPage && (process?.versions?.node !== undefined || "Deno" in globalThis);

export const surroundings: World = {
  now: () => performance.now(),
  date: () => new Date(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
  key,
  openSocket,
  fetch: (url, init) => fetch(url, init),
  beacon,
  origin: originHere(),
  claim,
  isHidden: () => isPage && document.hidden,
  watch,
  report(error) {
    if (!isProcess && typeof reportError === "function") reportError(error);
    else console.error(error);
  },
};

function openSocket(url: string, protocols: readonly string[], listener: SocketListener): Socket {
  const socket = new WebSocket(url, [...protocols]);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => listener.onOpen();
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
    listener.onFrame(typeof data === "string" ? data : new Uint8Array(data));
  socket.onclose = ({ code, reason }) => listener.onClose(code, reason);
  return {
    send(payload) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(payload);
      return true;
    },
    close() {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    },
  };
}

/** `crypto.randomUUID` is there on https and localhost only. */
function key(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function beacon(url: string): void {
  if (isPage) navigator.sendBeacon(url);
  // A worker has no beacons.
  else fetch(url, { method: "POST", keepalive: true }).catch(() => undefined);
}

function originHere(): string | null {
  // A file's is `null` here, and `file://` in its location. A process sends none, whatever it has.
  return isProcess || typeof origin === "undefined" ? null : origin;
}

/** Web Locks are there on https and localhost only. */
async function claim(name: string): Promise<Cancel | null> {
  if (isProcess || !navigator.locks) return () => undefined;
  return new Promise((resolve) => {
    const held = (lock: Lock | null): Promise<void> | void => {
      if (!lock) return resolve(null);
      return new Promise<void>((release) => resolve(release));
    };
    navigator.locks.request(name, { ifAvailable: true }, held).catch(() => resolve(() => undefined));
  });
}

function watch({ onOffline, onOnline, onVisible, onGone }: Watcher): Cancel {
  const over = new AbortController();
  const { signal } = over;
  // A worker has some of these events, a process none.
  if (typeof addEventListener !== "function") return () => undefined;
  if (onOffline) addEventListener("offline", onOffline, { signal });
  if (onOnline) addEventListener("online", onOnline, { signal });
  if (onVisible && isPage) {
    const look = (): void => {
      if (!document.hidden) onVisible();
    };
    document.addEventListener("visibilitychange", look, { signal });
  }
  if (onGone && isPage) {
    const go = ({ persisted }: PageTransitionEvent): void => {
      if (!persisted) onGone();
    };
    addEventListener("pagehide", go, { signal });
  }
  return () => over.abort();
}
