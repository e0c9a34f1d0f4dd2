// SPDX-License-Identifier: MIT
// As much of npm's `autobahn` as is used here; the package brings no types.

declare module "autobahn" {
  export interface CloseEvent {
    readonly code?: number;
    readonly reason?: string;
    readonly wasClean: boolean;
  }

  /** What a factory creates: the session sets `onmessage`, the connection the other two. */
  export interface Transport {
    readonly info: { readonly type: string; readonly url: string | null; readonly protocol: string | null };
    onopen(): void;
    onmessage(message: unknown): void;
    onclose(event: CloseEvent): void;
    send(message: unknown): void;
    close(code?: number, reason?: string): void;
  }

  /** Given on to the factory as it is, so that it may have more in it. */
  export interface TransportOptions {
    readonly type: string;
    readonly url: string;
  }

  export interface TransportFactory {
    readonly type: string;
    create(): Transport;
  }

  export interface ConnectionOptions {
    readonly realm: string;
    readonly transports: readonly TransportOptions[];
    readonly max_retries: number;
    readonly retry_if_unreachable: boolean;
    readonly use_es6_promises: boolean;
    readonly authmethods?: readonly string[];
    readonly authextra?: Keywords;
    /** Answers a CHALLENGE with a signature. */
    readonly onchallenge?: (session: Session, method: string) => string;
    readonly on_user_error: (error: unknown, text?: string) => void;
    readonly on_internal_error: (error: unknown, text?: string) => void;
  }

  export interface Event {
    readonly publication: number;
  }

  export interface Subscription {
    readonly id: number;
    unsubscribe(): Promise<unknown>;
  }

  export interface Registration {
    unregister(): Promise<unknown>;
  }

  export type Keywords = Readonly<Record<string, unknown>>;

  export interface Session {
    subscribe(
      topic: string,
      handler: (args: readonly unknown[] | undefined, kwargs: Keywords | undefined, event: Event) => void,
    ): Promise<Subscription>;
    register(
      procedure: string,
      endpoint: (args?: readonly unknown[], kwargs?: Keywords) => Promise<unknown>,
    ): Promise<Registration>;
    publish(
      topic: string,
      args: readonly unknown[],
      kwargs: Keywords,
      options: Readonly<Record<string, boolean>>,
    ): Promise<{ readonly id: number }>;
    call(procedure: string, args: readonly unknown[], kwargs: Keywords): Promise<unknown>;
  }

  /** What WELCOME says. */
  export interface Welcome {
    readonly authextra?: Keywords;
  }

  interface Details {
    readonly reason: string | null;
    readonly message: string | null;
  }

  const autobahn: {
    readonly transports: {
      register(name: string, factory: new (options: never) => TransportFactory): void;
    };
    readonly log: { warn(...words: readonly unknown[]): void };
    readonly Connection: new (options: ConnectionOptions) => {
      readonly transport: Partial<Transport>;
      onopen: (session: Session, details: Welcome) => void;
      onclose: (reason: string, details: Details) => boolean;
      open(): void;
      close(): void;
    };
    /** What a router's ERROR becomes. */
    readonly Error: new (error: string, args: readonly unknown[], kwargs: Keywords) => {
      readonly error: string;
      readonly args: readonly unknown[] | undefined;
      readonly kwargs: Keywords | undefined;
    };
    /** What a RESULT becomes that has keywords or more than one argument. */
    readonly Result: new (args: readonly unknown[], kwargs: Keywords) => {
      readonly args: readonly unknown[] | undefined;
      readonly kwargs: Keywords | undefined;
    };
  };
  export default autobahn;
}
