// SPDX-License-Identifier: MIT
// Puts the page together: the browser's world, the ladder, the two panels, and the state for all to see.

import "./style/index.css";
import { Pass } from "./access/pass";
import { showEcho } from "./echo/panel";
import { Ladder } from "./ladder/ladder";
import { tabMemory, transportNamed } from "./ladder/memory";
import { socketUrl } from "./net/address";
import { browser } from "./net/browser";
import type { JoinRoom } from "./room/client";
import { RoomPanel } from "./room/panel";
import { WampRoom } from "./room/wamp";
import { part } from "./ui/dom";
import { markRoot, StatusView } from "./ui/status";
import { Tabs } from "./ui/tabs";
import { lineOpener } from "./wamp/open";

const addresses = { websocket: socketUrl(location, "/ws"), http: `${location.origin}/lp` };
const pass = new Pass(() => sessionStorage, browser.key);
const ladder = new Ladder(browser, lineOpener(browser, addresses, pass), {
  memory: tabMemory(() => sessionStorage),
  forced: transportNamed(new URLSearchParams(location.search).get("transport")),
});

const join: JoinRoom = (name, listener, leftOver) => {
  const client = new WampRoom(browser, ladder, name, listener, leftOver);
  client.start();
  return client;
};

const status = new StatusView(part("[data-top]"), browser.now, () => room.retry());
const room = new RoomPanel(part("#room"), join, pass, {
  onStatus(now) {
    markRoot(document.documentElement, now);
    status.show(now);
  },
  onToken(token) {
    pass.present(token);
    ladder.renew();
  },
});

// As in layout.css.
const tabs = new Tabs(part("[data-tabs]"), matchMedia("(max-width: 55.99rem)"));
tabs.show(location.hash.slice(1));

room.start();
ladder.start();
showEcho(part("#echo"), browser);

window.addEventListener("beforeunload", (event) => {
  if (room.hasUnsent()) event.preventDefault();
});
