// SPDX-License-Identifier: MIT
// A client at its defaults, by name, that says each time that it is open, until it is ended.
import "./xhr.mjs";
import autobahn from "autobahn";
import { Wampy } from "wampy";
import { WebSocket } from "ws";

const [name, address] = process.argv.slice(2);
const [host, port] = address.split(":");
let times = 0;

async function opened(call) {
  times += 1;
  console.log(`open ${times}: ${await call(`echo ${times}`)}`);
}

function autobahnJs(transport) {
  const connection = new autobahn.Connection({ transports: [transport], realm: "realm1" });
  connection.onopen = (session) => opened((text) => session.call("wsecho.echo", [text]));
  connection.onclose = (reason, details) => {
    console.log(`closed: ${reason} ${details.reason}, will retry: ${connection._retry}`);
  };
  connection.open();
}

const clients = {
  websocket: () => autobahnJs({ type: "websocket", url: `ws://${address}/ws` }),
  longpoll: () => autobahnJs({ type: "longpoll", url: `http://${address}/lp` }),
  rawsocket: () => autobahnJs({ type: "rawsocket", host, port: Number(port) }),
  wampy: async () => {
    const call = async (text) => (await wampy.call("wsecho.echo", [text])).argsList[0];
    const wampy = new Wampy(`ws://${address}/ws`, {
      realm: "realm1",
      ws: WebSocket,
      onClose: () => console.log("closed for good"),
      onReconnectSuccess: () => opened(call),
    });
    await wampy.connect();
    await opened(call);
  },
};

await clients[name]();
// What has given up for good must be seen not to come back, not to be gone.
setInterval(() => undefined, 1_000);
