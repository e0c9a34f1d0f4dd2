// SPDX-License-Identifier: MIT
// How it stands with the room: as with the connection, once the room was joined on it.

import type { Status, WsechoError } from "wsecho";

/** `refusal` is why the room is closed to this page; null where it is not. */
export function statusOf(connection: Status, isJoined: boolean, refusal: WsechoError | null): Status {
  if (connection.state !== "open" || isJoined) return connection;
  if (!refusal) return { ...connection, state: "connecting", why: "" };
  const remedy = refusal.code === "forbidden" ? "token" : "retry";
  return { ...connection, state: "closed", why: refusal.message, remedy, code: refusal.code };
}
