// SPDX-License-Identifier: MIT
// How one's own program reaches a room: a few lines for each language, to be copied.

import { socketUrl } from "../ui/address";
import { roomPath } from "./name";

export interface Snippet {
  readonly language: "JavaScript" | "Python" | "curl";
  readonly note: string;
  readonly code: string;
}

/**
 * The snippets for a room, on the host that the page came from.
 *
 * A room's name may come from anybody's link, so nothing of it may end a string in any of the
 * languages: it stands there percent-encoded. A token is only named, never shown.
 */
export function snippetsFor(page: Location | URL, room: string, hasToken: boolean): readonly Snippet[] {
  const path = roomPath(room);
  const socket = socketUrl(page, path);
  const http = `${page.origin}${path}`;
  return [
    { language: "JavaScript", note: "in a page, or in Node 22", code: javascript(socket, hasToken) },
    { language: "Python", note: "pip install websockets", code: python(socket, hasToken) },
    { language: "curl", note: "says something, then listens", code: curl(http, hasToken) },
  ];
}

function javascript(url: string, hasToken: boolean): string {
  const protocols = hasToken ? ', ["wsecho.raw", `wsecho.token.${TOKEN}`]' : "";
  return [
    ...(hasToken ? ['const TOKEN = "…";'] : []),
    `const room = new WebSocket("${url}"${protocols});`,
    "room.onmessage = ({ data }) => console.log(data);",
    'room.onopen = () => room.send("hello");',
  ].join("\n");
}

function python(url: string, hasToken: boolean): string {
  const headers = hasToken ? ', additional_headers={"Authorization": f"Bearer {TOKEN}"}' : "";
  return [
    "from websockets.sync.client import connect",
    "",
    ...(hasToken ? ['TOKEN = "…"'] : []),
    `with connect("${url}"${headers}) as room:`,
    '    room.send("hello")',
    "    for message in room:",
    "        print(message)",
  ].join("\n");
}

function curl(url: string, hasToken: boolean): string {
  const header = hasToken ? ' -H "Authorization: Bearer $TOKEN"' : "";
  return [
    `curl -d 'hello'${header} '${url}'`,
    `curl -N -H 'Accept: text/event-stream'${header} '${url}?history=10'`,
  ].join("\n");
}
