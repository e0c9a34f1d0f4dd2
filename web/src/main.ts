// SPDX-License-Identifier: MIT
// Puts the page together: the connection, the two panels, and the state for all to see.

import "./style/index.css";
import { connect, type Transport } from "wsecho";
import { Pass } from "./access/pass";
import { showEcho } from "./echo/panel";
import { RoomPanel } from "./room/panel";
import { part } from "./ui/dom";
import { markRoot, StatusView } from "./ui/status";
import { Tabs } from "./ui/tabs";

const pass = new Pass(() => sessionStorage, draw);
const forced = new URLSearchParams(location.search).get("transport");
const isForced = forced === "websocket" || forced === "sse" || forced === "longpoll";
const server = connect(new URL(".", location.href), {
  token: pass.token,
  member: pass.secret,
  ...(isForced ? { transports: [forced satisfies Transport] } : {}),
});

const status = new StatusView(part("[data-top]"), Date.now, () => server.retry());
const room = new RoomPanel(part("#room"), server, pass, draw, {
  onStatus(now) {
    markRoot(document.documentElement, now);
    status.show(now);
  },
  onToken(token) {
    pass.present(token);
    server.token = pass.token;
  },
});

// As in layout.css.
const tabs = new Tabs(part("[data-tabs]"), matchMedia("(max-width: 55.99rem)"));
tabs.show(location.hash.slice(1));

room.start();
showEcho(part("#echo"));

window.addEventListener("beforeunload", (event) => {
  if (room.hasUnsent()) event.preventDefault();
});

/** `crypto.randomUUID` is there on https and localhost only. */
function draw(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
