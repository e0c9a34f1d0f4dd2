// SPDX-License-Identifier: MIT
// The world as the browser gives it: its clock, timers, WebSocket and events.

import type { Cancel, Socket, SocketListener, Watcher, World } from "./world";

export const browser: World = {
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
  beacon: (url) => void navigator.sendBeacon(url),
  isHidden: () => document.hidden,
  watch,
};

function openSocket(url: string, listener: SocketListener): Socket {
  const socket = new WebSocket(url);
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

function watch({ onOffline, onOnline, onVisible, onGone }: Watcher): Cancel {
  const over = new AbortController();
  const { signal } = over;
  if (onOffline) window.addEventListener("offline", onOffline, { signal });
  if (onOnline) window.addEventListener("online", onOnline, { signal });
  if (onVisible) {
    const look = (): void => {
      if (!document.hidden) onVisible();
    };
    document.addEventListener("visibilitychange", look, { signal });
  }
  if (onGone) {
    const go = ({ persisted }: PageTransitionEvent): void => {
      if (!persisted) onGone();
    };
    window.addEventListener("pagehide", go, { signal });
  }
  return () => over.abort();
}
