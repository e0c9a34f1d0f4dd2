// SPDX-License-Identifier: MIT
// What the library offers, and nothing of how it does it: these are its declarations.

/** What went wrong, in a word; the reference has a table of them. */
export type ErrorCode =
  | "bad_request"
  | "forbidden"
  | "not_wsecho"
  | "unauthorized"
  | "too_large"
  | "over_limit"
  | "over_rate"
  | "bus_unavailable"
  | "bus_timeout"
  | "unavailable"
  | "internal"
  | "refused"
  | "unknown"
  | "lost"
  | "closed";

/** What every promise here rejects with. */
export class WsechoError extends Error {
  readonly code: ErrorCode;
  /** WAMP's own word for it; null where it is not from there. */
  readonly uri: string | null;
  /** What came with it from whoever was called. */
  readonly args: readonly unknown[];
  readonly kwargs: Keywords;

  constructor(code: ErrorCode, message: string, uri: string | null = null, args: readonly unknown[] = [], kwargs: Keywords = {}) {
    super(message);
    this.name = "WsechoError";
    this.code = code;
    this.uri = uri;
    this.args = args;
    this.kwargs = kwargs;
  }
}

/** What a procedure answers that has keywords or several values. */
export class Result {
  readonly args: readonly unknown[];
  readonly kwargs: Keywords;

  constructor(args: readonly unknown[] = [], kwargs: Keywords = {}) {
    this.args = args;
    this.kwargs = kwargs;
  }
}

export type Transport = "websocket" | "sse" | "longpoll";
export type State = "connecting" | "open" | "offline" | "closed";
export type Bytes = Uint8Array<ArrayBuffer>;

/** Gives a token, now or later; asked whenever one is needed. */
export type TokenSource = () => string | Promise<string>;
export type Token = string | TokenSource;

/** Takes off what was put on; may be called again. */
export type Off = () => void;

/** Named values, as WAMP has them beside the positional ones. */
export type Keywords = Readonly<Record<string, unknown>>;

export interface ConnectOptions {
  /** Who this client is, for a server with `--token-key`. */
  readonly token?: Token | null;
  /** The transports to use, the best first; all three if left out. */
  readonly transports?: readonly Transport[];
  /**
   * A secret of 16 to 64 letters, digits, `_` and `-` that makes all connections that give it one
   * member; drawn anew if left out.
   */
  readonly member?: string;
  /** Closes the connection when it is aborted. */
  readonly signal?: AbortSignal;
}

/** How it stands with the connection. */
export interface Status {
  readonly state: State;
  /** In use, or being tried. */
  readonly transport: Transport;
  /** Why it is not open, or not on the best transport; empty where there is nothing to say. */
  readonly why: string;
  /** When it tries again, in Unix milliseconds; null where it is not waiting to. */
  readonly retryAt: number | null;
  /** What helps: `retry()`, another `token`, or nothing here. */
  readonly remedy: "retry" | "token" | "none";
  /** Where it is closed, for what. */
  readonly code: ErrorCode | null;
}

export interface ServerEvents {
  /** Whenever it has changed, and once at the beginning. */
  readonly status: Status;
  /** A subscription or registration could not be made again after a break. */
  readonly error: WsechoError;
}

/** A connection to a server, which comes back by itself, and what all of its rooms share. */
export interface Server {
  /** The server's address, with a slash at its end. */
  readonly url: string;
  /** The id by which others know this client. */
  readonly member: string;
  readonly status: Status;
  /** Bytes that a frame may have, as soon as the server has said so. */
  readonly maxMessageSize: number | null;
  /** Gives another token by hand, or another function; the connection begins anew with it. */
  set token(token: Token | null);
  /**
   * The room of this name, which is joined as soon as that can be; the same until it is left.
   *
   * Throws `bad_request` where no room can have this name, `closed` after `close`.
   */
  room(name: string, options?: RoomOptions): Room;
  on<Type extends keyof ServerEvents>(type: Type, listener: (event: ServerEvents[Type]) => void): Off;
  /**
   * Calls a WAMP procedure, as soon as there is a connection.
   *
   * Resolves to its result: the value itself, null where there is none, or a `Result` where there
   * are keywords or several values. Rejects with `lost` where the connection broke before there was an answer, with
   * `refused` where whoever was asked said no.
   */
  call(procedure: string, args?: readonly unknown[], kwargs?: Keywords): Promise<unknown>;
  /** Hears what is published to a WAMP topic, also after a reconnect; resolves once it does. */
  subscribe(topic: string, listener: (args: readonly unknown[], kwargs: Keywords) => void): Promise<Off>;
  /**
   * Answers calls of a WAMP procedure, also after a reconnect; resolves once it does. What `answer`
   * returns is the result, several values or keywords as a `Result`.
   */
  register(procedure: string, answer: (args: readonly unknown[], kwargs: Keywords) => unknown): Promise<Off>;
  /** Tries at once, whatever it was waiting for. */
  retry(): void;
  /** Leaves all rooms, and comes back no more. */
  close(): void;
}

export interface RoomOptions {
  /** How many messages of what the room has kept are told first, where no `after` is given; 0 if left out. */
  readonly history?: number;
  /** The position of the last message that was dealt with: what came behind it is told first. */
  readonly after?: string | null;
  /** Whether to tell who is in the room. */
  readonly presence?: boolean;
}

export interface Sender {
  /** As in `Member`. */
  readonly id: string;
  /** From a token; null without one. */
  readonly name: string | null;
}

export interface Message {
  /** Text, or bytes. */
  readonly data: string | Bytes;
  /** Its place in the room's order, behind which it can be gone on. */
  readonly position: string;
  /** When the room took it, in Unix milliseconds. */
  readonly time: number;
  /** Who said it, where that is known. */
  readonly from: Sender | null;
  /** Whether it was this client. */
  readonly mine: boolean;
  /** WAMP's id of it, the same for everybody. */
  readonly publication: number;
}

/** Somebody in the room, as everybody sees them. */
export interface Member {
  readonly id: string;
  /** From a token; empty without one. */
  readonly name: string;
  /** How they came, such as `raw` or `wamp`. */
  readonly door: string;
  readonly since: Date;
}

export interface Joined {
  /** The last position that was told, or where the room stands. */
  readonly position: string;
  /** How many messages of the past were told. */
  readonly fetched: number;
  /** Whether nothing is missing behind what was told before; null where nothing was. */
  readonly recovered: boolean | null;
  /** Whether the room has kept more from before what was told first. */
  readonly hasEarlier: boolean;
}

/** Messages behind `from` and up to `to` cannot be had. */
export interface Gap {
  readonly from: string;
  readonly to: string;
  /**
   * `not_kept`: the room forgot them. `history_lost`: the room began anew, with other positions.
   * `slow_reader`: a `for await` took too long, and this one lost them.
   */
  readonly reason: "not_kept" | "history_lost" | "slow_reader";
}

export interface Presence {
  /** `list`: who was there already. `hidden`: the server does not tell. */
  readonly action: "list" | "join" | "leave" | "hidden";
  /** Who came or went. */
  readonly member: Member | null;
  /** All who are here, in the order of coming. */
  readonly members: readonly Member[];
}

export interface RoomEvents {
  /** Each once, in the order of positions. */
  readonly message: Message;
  /** Before the first message behind it. */
  readonly gap: Gap;
  readonly joined: Joined;
  readonly presence: Presence;
  /**
   * The room is closed to this client; it is tried again with another token, or by `retry()`.
   * With `over_limit` there is no place for it, which is told once; it goes on being tried by itself.
   */
  readonly error: WsechoError;
}

export interface PublishOptions {
  /** Under which the room takes it once, however often it is said; drawn if left out. */
  readonly key?: string;
  /** Gives it up when it is aborted, though it may have arrived; it rejects with `closed`. */
  readonly signal?: AbortSignal;
}

export interface Earlier {
  /** In the order of positions. */
  readonly messages: readonly Message[];
  /** Whether the room has kept none before these. */
  readonly isAll: boolean;
}

export interface Room extends AsyncIterable<Message> {
  readonly name: string;
  /** That of the last message that was handed on; null before the room was joined. */
  readonly position: string | null;
  /** How it was joined; null while it is not. */
  readonly joined: Joined | null;
  /** Who is here, where `presence` was asked for. */
  readonly members: readonly Member[];
  /** How many messages were given to `publish` and have no answer yet. */
  readonly pending: number;
  on<Type extends keyof RoomEvents>(type: Type, listener: (event: RoomEvents[Type]) => void): Off;
  /** The next such event; `joined` at once where it is. Rejects where the room is closed or left. */
  once<Type extends keyof RoomEvents>(type: Type): Promise<RoomEvents[Type]>;
  /**
   * Says something, in the order of the calls, and again under its key until the room has it.
   *
   * Resolves to its position. Rejects with `too_large`, `over_limit`, `forbidden` or `bad_request`
   * where it was not taken, with `unknown` after 4.5 minutes in which it may have arrived.
   */
  publish(data: string | Uint8Array | ArrayBuffer | Blob, options?: PublishOptions): Promise<{ readonly position: string }>;
  /** Fetches what the room has kept from before a message, the latest `limit` of it, 500 if left out. */
  earlier(message: Pick<Message, "publication">, limit?: number): Promise<Earlier>;
  /** Whether this client may publish here, as far as the server says so; nobody notices the question. */
  mayPublish(): Promise<boolean>;
  /** Joins no more; what was not taken rejects with `closed`. */
  leave(): void;
}
