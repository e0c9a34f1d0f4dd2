// SPDX-License-Identifier: MIT
// An application that is asked, on Node's own HTTP server at its defaults: `asked.mjs`.
// It prints its port, and says no to whoever says "no" or joins the room "no".
import { createServer } from "node:http";

const ports = new Set();

function answer(question) {
  if (question.data === "no" || question.room === "no") return { allow: false, reason: "not you" };
  return question.data === "ports" ? { allow: true, data: String(ports.size) } : { allow: true };
}

const server = createServer((request, response) => {
  ports.add(request.socket.remotePort);
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(answer(JSON.parse(body))));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
