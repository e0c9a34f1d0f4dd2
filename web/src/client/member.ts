// SPDX-License-Identifier: MIT
// What others see this client as: the server's hash of its secret and its token's subject.

import { sha256 } from "./sha256";

const ID_BYTES = 12;

/** The id of whoever names itself by a secret, as the server makes it. */
export function memberId(secret: string, subject: string): string {
  const named = new TextEncoder().encode(`wsecho.member\0${subject}\0${secret}`);
  return toBase64url(sha256(named).subarray(0, ID_BYTES));
}

/** What a token says, unverified; nothing where it cannot be read. */
export function claimsOf(token: string): Partial<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(fromBase64url(token.split(".")[1] ?? ""));
    return typeof claims === "object" && claims !== null ? claims : {};
  } catch {
    return {};
  }
}

function toBase64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64url(text: string): string {
  const latin = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder().decode(Uint8Array.from(latin, (unit) => unit.charCodeAt(0)));
}
