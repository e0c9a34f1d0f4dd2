// SPDX-License-Identifier: MIT
// Who this page is to the server: the secret that makes it one member, and its token.

const MEMBER = "wsecho.member";
const TOKEN = "wsecho.token";
const SECRET = /^[A-Za-z0-9_-]{16,64}$/;

/** Both are kept for the tab, and never in an address. */
export class Pass {
  /** Known to this page and the server alone. */
  readonly secret: string;
  readonly #storage: () => Storage;
  #token: string | null;

  /** `draw` makes a word that nobody else has; `storage` throws where the browser keeps nothing. */
  constructor(storage: () => Storage, draw: () => string) {
    this.#storage = storage;
    const kept = this.#read(MEMBER);
    this.secret = kept !== null && SECRET.test(kept) ? kept : draw();
    this.#write(MEMBER, this.secret);
    this.#token = this.#read(TOKEN);
  }

  get token(): string | null {
    return this.#token;
  }

  /** Takes a token as people paste it. */
  present(pasted: string): void {
    this.#token = pasted.replace(/^\s*Bearer\s/i, "").replaceAll(/\s/g, "");
    this.#write(TOKEN, this.#token);
  }

  #read(key: string): string | null {
    try {
      return this.#storage().getItem(key);
    } catch {
      return null;
    }
  }

  #write(key: string, value: string): void {
    try {
      this.#storage().setItem(key, value);
    } catch {
      // Then it lasts as long as the page.
    }
  }
}
