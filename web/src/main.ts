// SPDX-License-Identifier: MIT
// Puts the page together: the browser's world, the two panels, and the state for all to see.

import "./style/index.css";
import { showEcho } from "./echo/panel";
import { socketUrl } from "./net/address";
import { browser } from "./net/browser";
import type { JoinRoom } from "./room/client";
import { roomPath } from "./room/name";
import { RoomPanel } from "./room/panel";
import { RawRoom } from "./room/raw";
import { part } from "./ui/dom";
import { markRoot, StatusView } from "./ui/status";

const joinRaw: JoinRoom = (room, listener, leftOver) => {
  const client = new RawRoom(browser, socketUrl(location, roomPath(room)), listener, leftOver);
  client.start();
  return client;
};

const status = new StatusView(part("[data-top]"), browser.now, () => room.retry());
const room = new RoomPanel(part("#room"), joinRaw, (now) => {
  markRoot(document.documentElement, now);
  status.show(now);
});

room.start();
showEcho(part("#echo"), browser);

window.addEventListener("beforeunload", (event) => {
  if (room.hasUnsent()) event.preventDefault();
});
