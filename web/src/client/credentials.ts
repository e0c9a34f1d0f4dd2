// SPDX-License-Identifier: MIT
// Who this client is: its secret, and its token, which a function may give and give again.

import { type Token, type TokenSource, WsechoError } from "../api";
import type { Cancel, World } from "../net/world";
import type { Identity } from "../wamp/open";
import { claimsOf, memberId } from "./member";

const SECRET = /^[A-Za-z0-9_-]{16,64}$/;
/** Milliseconds that a function may take. */
const PATIENCE = 10_000;

export class Credentials implements Identity {
  readonly secret: string;
  readonly #world: World;
  #source: TokenSource | null = null;
  #token: string | null = null;
  #member = "";

  /** Throws `bad_request`, naming the argument at fault. */
  constructor(world: World, member: string | undefined, token: Token | null) {
    if (member !== undefined && !(typeof member === "string" && SECRET.test(member))) {
      throw new WsechoError("bad_request", "`member` has to be 16 to 64 letters, digits, _ and -");
    }
    this.#world = world;
    this.secret = member ?? world.key();
    this.present(token);
  }

  get token(): string | null {
    return this.#token;
  }

  /** The id by which others know this client. */
  get member(): string {
    return this.#member;
  }

  /** When the token expires, in Unix milliseconds; null where it does not say. */
  get expiry(): number | null {
    const { exp } = this.#claims();
    return typeof exp === "number" ? 1_000 * exp : null;
  }

  /** Whether there is somebody to be asked for another token. */
  get isRenewable(): boolean {
    return this.#source !== null;
  }

  /** Takes another token, or whoever gives one; throws `bad_request`. */
  present(token: Token | null): void {
    const isText = typeof token === "string";
    if (!isText && typeof token !== "function" && token !== null) {
      throw new WsechoError("bad_request", "`token` is neither text nor a function");
    }
    if (isText) checkToken(token);
    this.#source = typeof token === "function" ? token : null;
    this.#use(isText ? token : null);
  }

  /** Asks for a token, where there is somebody to be asked; rejects where there comes none. */
  async renew(): Promise<void> {
    const source = this.#source;
    if (!source) return;
    const token = await this.#ask(source);
    // Another may have been given by hand meanwhile.
    if (this.#source === source) this.#use(token);
  }

  #use(token: string | null): void {
    this.#token = token;
    const { sub } = this.#claims();
    this.#member = memberId(this.secret, typeof sub === "string" ? sub : "");
  }

  async #ask(source: TokenSource): Promise<string> {
    let cancel: Cancel = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new WsechoError("unauthorized", `the function \`token\` did not answer within ${PATIENCE / 1_000} s`);
      cancel = this.#world.after(PATIENCE, () => reject(error));
    });
    try {
      const token = await Promise.race([new Promise<string>((resolve) => resolve(source())), late]);
      checkToken(token);
      return token;
    } catch (error) {
      if (error instanceof WsechoError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new WsechoError("unauthorized", `the function \`token\` failed: ${why}`);
    } finally {
      cancel();
    }
  }

  #claims(): Partial<Record<string, unknown>> {
    return claimsOf(this.#token ?? "");
  }
}

function checkToken(token: unknown): asserts token is string {
  if (typeof token !== "string" || token.trim() === "") {
    throw new WsechoError("bad_request", "`token` gave no text");
  }
}
