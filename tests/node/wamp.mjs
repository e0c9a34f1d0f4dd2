// SPDX-License-Identifier: MIT
// AutobahnJS's own Connection over WebSocket, with the serializer that is named.
import autobahn from "autobahn";
import { exercise } from "./exercise.mjs";

const [url, name] = process.argv.slice(2);
const serializers = {
  json: () => new autobahn.serializer.JSONSerializer(),
  msgpack: () => new autobahn.serializer.MsgpackSerializer(),
  cbor: () => new autobahn.serializer.CBORSerializer(),
};

await exercise(() => new autobahn.Connection({
  transports: [{ type: "websocket", url, serializers: [serializers[name]()] }],
  realm: "realm1",
  max_retries: 0,
}));
