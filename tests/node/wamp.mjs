// SPDX-License-Identifier: MIT
// AutobahnJS's own Connection over WebSocket, with the serializer that is named, the second one at
// another URL where one follows.
import autobahn from "autobahn";
import { exercise } from "./exercise.mjs";

const [url, name, other] = process.argv.slice(2);
const serializers = {
  json: () => new autobahn.serializer.JSONSerializer(),
  msgpack: () => new autobahn.serializer.MsgpackSerializer(),
  cbor: () => new autobahn.serializer.CBORSerializer(),
};

await exercise((number) => new autobahn.Connection({
  transports: [{ type: "websocket", url: number ? (other ?? url) : url, serializers: [serializers[name]()] }],
  realm: "realm1",
  max_retries: 0,
}));
