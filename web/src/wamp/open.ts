// SPDX-License-Identifier: MIT
// Opens one WAMP session over one transport with AutobahnJS, which is not to retry by itself.

import autobahn, {
  type CloseEvent,
  type ConnectionOptions,
  type Session,
  type TransportFactory,
  type TransportOptions,
  type Transport as WampTransport,
  type Welcome,
} from "autobahn";
import { explainClosing } from "../net/closing";
import type { Fault, FaultKind, LineListener, OpenLine } from "../net/line";
import type { Transport } from "../net/status";
import type { Cancel, World } from "../net/world";
import { type HttpCloseEvent, HttpTransport } from "./http";
import { AutobahnLine } from "./session";
import { SocketTransport } from "./socket";

const REALM = "realm1";
const SHUTDOWN = "wamp.close.system_shutdown";
const DENIED: ReadonlySet<string> = new Set(["wamp.error.no_such_realm", "wamp.error.not_authorized"]);
/** Said to whoever has no token; the server's words are for programmers then. */
const WANTED = "wamp.error.authentication_required";
/** What another token helps against, and what to say where the server does not. */
const UNAUTHORIZED: ReadonlyMap<string, string> = new Map([
  [WANTED, "the server wants a token"],
  ["wamp.error.authentication_denied", "the server does not take this token"],
  ["wamp.error.authentication_failed", "the server does not take this token"],
  ["wsecho.close.token_expired", "the token has expired"],
]);
const NO_TOKEN = 4401;
const TOO_LARGE = 1009;
/** A line that is left says goodbye, and is not waited for longer than this. */
const GOODBYE = 2_000;

export interface Addresses {
  readonly websocket: string;
  readonly http: string;
}

/** Who opens; asked anew for each line. */
export interface Identity {
  /** Makes all lines of this client one member. */
  readonly secret: string;
  readonly token: string | null;
}

/** What our transports have beyond AutobahnJS's. */
interface OurTransport extends WampTransport {
  limit: number | null;
  /** A sign of life that is no message. */
  onheard(): void;
}

interface OurOptions extends TransportOptions {
  readonly type: Transport;
  readonly world: World;
}

/** A class as `autobahn.transports.register` takes one. */
class Factory implements TransportFactory {
  readonly type: Transport;
  readonly #options: OurOptions;

  constructor(options: OurOptions) {
    this.type = options.type;
    this.#options = options;
  }

  create(): OurTransport {
    const { world, type, url } = this.#options;
    return type === "websocket" ? new SocketTransport(world, url) : new HttpTransport(world, type, url);
  }
}

for (const transport of ["websocket", "sse", "longpoll"]) autobahn.transports.register(transport, Factory);
// It is said elsewhere what became of a connection.
autobahn.log.warn = () => undefined;

/** The opener for one server. */
export function lineOpener(world: World, { websocket, http }: Addresses, identity: Identity): OpenLine {
  return (transport, listener) => {
    const url = transport === "websocket" ? websocket : http;
    return new Opening({ world, type: transport, url }, identity, listener).cancel;
  };
}

class Opening {
  readonly #world: World;
  readonly #transport: Transport;
  readonly #connection: InstanceType<typeof autobahn.Connection>;
  #listener: LineListener | null;
  #line: AutobahnLine | null = null;
  #event: Partial<HttpCloseEvent> = {};
  #stopGoodbye: Cancel = () => undefined;

  constructor(options: OurOptions, identity: Identity, listener: LineListener) {
    this.#world = options.world;
    this.#transport = options.type;
    this.#listener = listener;
    this.#connection = new autobahn.Connection({
      realm: REALM,
      transports: [options],
      max_retries: 0,
      retry_if_unreachable: false,
      use_es6_promises: true,
      // With stamps an event tells when it was said, and by whom.
      authextra: { member: identity.secret, stamps: true },
      ...byTicket(identity.token),
      on_user_error: (error) => this.#world.report(error),
      // Such as that there is no WebSocket: `onclose` says so too.
      on_internal_error: () => undefined,
    });
    this.#connection.onopen = (session, details) => this.#opened(session, details);
    this.#connection.onclose = (reason, details) => {
      this.#closed(reason, details.reason, details.message);
      return true;
    };
    this.#connection.open();
    this.#overhear(this.#connection.transport as OurTransport);
  }

  readonly cancel: Cancel = () => {
    const isOpen = this.#line !== null && this.#listener !== null;
    this.#listener = null;
    this.#line?.end();
    const transport = this.#connection.transport;
    if (!isOpen) {
      transport.close?.();
      return;
    }
    this.#connection.close();
    this.#stopGoodbye = this.#world.after(GOODBYE, () => transport.close?.());
  };

  /** AutobahnJS does not pass on a close's code, nor signs of life. */
  #overhear(transport: OurTransport): void {
    if (!transport.onmessage) return;
    const { onmessage, onclose } = transport;
    transport.onmessage = (message) => {
      this.#listener?.onHeard();
      onmessage(message);
    };
    transport.onclose = (event: CloseEvent) => {
      this.#event = event;
      onclose(event);
    };
    transport.onheard = () => this.#listener?.onHeard();
  }

  #opened(session: Session, { authextra }: Welcome): void {
    const said = authextra?.["max_message_size"];
    const limit = typeof said === "number" ? said : null;
    (this.#connection.transport as OurTransport).limit = limit;
    this.#line = new AutobahnLine(this.#transport, session, limit);
    this.#listener?.onOpen(this.#line);
  }

  #closed(reason: string, uri: string | null, message: string | null): void {
    this.#stopGoodbye();
    const fault = this.#fault(reason, uri, message);
    this.#line?.end(fault.kind === "too_large");
    const listener = this.#listener;
    this.#listener = null;
    listener?.onClosed(fault);
  }

  #fault(reason: string, uri: string | null, message: string | null): Fault {
    const transport = this.#transport;
    if (reason === "unsupported") {
      return { transport, kind: "missing", text: "this browser has no WebSocket" };
    }
    const { code = 1006, reason: said = "" } = this.#event;
    const closing = explainClosing(code, said, this.#line !== null);
    const kind = this.#kind(uri, code, closing.mayReturn);
    if (uri === SHUTDOWN) return { transport, kind, text: "the server is stopping" };
    if (uri !== null) return { transport, kind, text: explain(uri, message ?? "") };
    return { transport, kind, text: this.#event.kind ? said : closing.text };
  }

  #kind(uri: string | null, code: number, mayReturn: boolean): FaultKind {
    if (code === NO_TOKEN || (uri !== null && UNAUTHORIZED.has(uri))) return "unauthorized";
    if (!mayReturn || (uri !== null && DENIED.has(uri))) return "denied";
    if (uri === SHUTDOWN || code === 1001) return "stopping";
    if (!this.#line) return this.#event.kind ?? "refused";
    if (code === TOO_LARGE || this.#event.kind === "too_large") return "too_large";
    return "lost";
  }
}

function explain(uri: string, message: string): string {
  return (uri === WANTED ? "" : message) || (UNAUTHORIZED.get(uri) ?? uri);
}

/** Without a token no method is offered: then the server says plainly that it wants one. */
function byTicket(token: string | null): Partial<ConnectionOptions> {
  if (token === null) return {};
  return { authmethods: ["ticket"], onchallenge: () => token };
}
