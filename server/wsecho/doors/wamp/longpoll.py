# SPDX-License-Identifier: MIT
"""One WAMP session without a connection of its own: what `/lp` keeps between requests."""

from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.web.server import Request

from wsecho.config.config import Config
from wsecho.core.limits.admissions import Place
from wsecho.core.limits.backlog import TooSlowError
from wsecho.core.limits.mailbox import Inbox, Item, Outbox
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.events import write_event, write_opening
from wsecho.doors.http.event_stream import RETRY, EventStream
from wsecho.doors.wamp.asjson import JSON
from wsecho.doors.wamp.asking import VISIT
from wsecho.doors.wamp.endings import returns_after_goodbye, told
from wsecho.doors.wamp.fetches import WaitingReceive
from wsecho.doors.wamp.forms import Form
from wsecho.doors.wamp.inbox import RateLimitedInbox
from wsecho.doors.wamp.unfit import MalformedError
from wsecho.doors.wamp.waiting import SendBacklog
from wsecho.hooks import Visit
from wsecho.router import Ending, Identity, Session, TransportDetails
from wsecho.router.wire.errors import SYSTEM_SHUTDOWN
from wsecho.router.wire.outgoing import OutgoingMessage
from wsecho.server.state import ServerState

_AHEAD: Final = 1 << 16
"""Bytes that lie ready to be fetched; what is more may still be left out."""

_LAST_WORDS: Final = 5.0
"""Seconds in which a peer may still fetch what its session said at its end."""


class LongPollPeer:
    """A transport whose peer comes to fetch and to bring.

    Args:
        form: what its messages look like.
        peer: the client's address when it opened.
        clock: times what waits.
        state: what all doors share.
        identity: who the peer is, where it has shown it on opening.
        visit: what an application is told of it, where one is asked.
        config: the limits that apply.
        place: the session's own, for it counts as a connection.
        forget: called once when nothing can be fetched any more.
    """

    session: Session
    # Its client is told by what it fetches next, and then cannot fetch more.
    is_paced = False
    is_idle = False

    def __init__(
        self,
        form: Form,
        peer: str,
        clock: IReactorTime,
        state: ServerState,
        identity: Identity | None = None,
        visit: Visit | None = None,
        *,
        config: Config,
        place: Place,
        forget: Callable[[], None],
    ) -> None:
        # Unbatched, each message has a POST of its own, and two of them may overtake each other.
        self.details = TransportDetails(
            "longpoll",
            peer,
            ordered=form.is_batched,
            identity=identity,
            max_message_size=config.max_message_size,
            more={"serializer": form.objects.NAME},
        )
        if visit is not None:
            self.details.more[VISIT] = visit
        self.form = form
        self._clock = clock
        self._state = state
        self._timeout = config.lp_timeout
        self._place = place
        self._forget = forget
        self._ahead = min(_AHEAD, config.send_queue // 2)
        self._outbox = Outbox(config.send_queue)
        self._overflow = SendBacklog(config.send_queue - self._ahead, state.room_rules, state.stats)
        self._limited_inbox = RateLimitedInbox(config.rates, clock, state.stats)
        self._own_stats = state.stats.open("lp", peer)
        state.connections.add(self)
        self._inbox = Inbox()
        self._waiting: WaitingReceive | EventStream | None = None
        self._flush: IDelayedCall | None = None
        self._closing = False
        self._is_paused = False
        self._held: list[Request] = []
        self._end = clock.callLater(self._timeout, self._too_late)

    def drain(self, retry: float) -> None:
        """Say GOODBYE, for the peer to fetch.

        A client that would not come back after one only sees that the transport is gone. The page,
        which is AutobahnJS too, looks after that itself, and is told by its batches.
        """
        if self.form.is_batched or returns_after_goodbye(self.session):
            self.session.close(SYSTEM_SHUTDOWN)
        else:
            self.session.vanish(SYSTEM_SHUTDOWN)
            self._lost()

    def abort(self) -> None:
        """End the session."""
        self._lost()

    # What the session calls.

    def send(self, message: OutgoingMessage) -> None:
        """Keep a message for the peer; one that leaves too much lying about is given up.

        Raises:
            CannotCarryError: the form has no place for something in it.
        """
        octets = self.form.write(message)
        if self._overflow or not self._offer(octets):
            try:
                self._overflow.push(message, octets)
            except TooSlowError:
                self._lost()
                return
        if self._waiting is not None and self._flush is None:
            # What this turn of the reactor says goes out as one batch.
            self._flush = self._clock.callLater(0, self._serve)

    def pause(self) -> None:
        """Answer what the peer brings no more: it may bring the next only after that."""
        self._is_paused = True

    def resume(self) -> None:
        """Answer what came before."""
        self._is_paused = False
        held, self._held = self._held, []
        for request in held:
            request.finish()

    def close(self, ending: Ending) -> None:
        """Let the peer fetch the last words, then forget it."""
        self._end_own_stats()
        self._closing = True
        # The address outlives the last words: they may be asked for again, and AutobahnJS wants
        # an answer to its `close`.
        self._restart_end(_LAST_WORDS)
        self._serve()

    # What the peer's requests do.

    def bring(self, octets: bytes, number: int | None) -> None:
        """Take what a POST brought, unless it came before.

        Raises:
            Conflict: a numbered one before it is missing.
        """
        if number is not None and not self._inbox.is_new(number):
            return
        try:
            messages = self.form.read(octets)
        except MalformedError as error:
            self.session.violate(str(error))
            return
        self._own_stats.messages_in += len(messages)
        self._own_stats.bytes_in += len(octets)
        self._limited_inbox.take(self.session, messages, len(octets))

    def answer(self, request: Request) -> None:
        """Answer a request that has brought something, at once or when more may come."""
        if self._is_paused:
            self._held.append(request)
            request.notifyFinish().addErrback(lambda _: self._let_go(request))
        else:
            request.finish()

    def receive(self, request: Request, number: int | None, wait: int | None = None) -> None:
        """Answer a request with what waits, or let it wait for something.

        Args:
            request: the request.
            number: of the batch that it asks for, None for whatever comes next.
            wait: seconds that it may take, None for as long as any.

        Raises:
            Conflict: that batch cannot be had.
        """
        ready = self._take(number)
        binary = self.form.objects.BINARY
        kind = "application/octet-stream" if binary else "application/json"
        self._replace(WaitingReceive(request, number, kind, self._clock, self._gone, wait))
        if ready:
            self._answer(ready)

    def stream(self, request: Request, last_event: int | None) -> None:
        """Send a request what waits, and whatever comes.

        Args:
            request: the request.
            last_event: the number of the last event that the peer has; None where it has none.

        Raises:
            BadRequest: the form is binary.
            Conflict: the stream cannot go on behind that event.
        """
        if self.form.objects is not JSON:
            raise BadRequest("server-sent events carry JSON only")
        self._outbox.rewind(last_event)
        stream = EventStream(request, self._clock, self._serve, self._gone, is_last=False)
        stream.write(stream.framed(write_opening(RETRY)))
        self._replace(stream)
        self._serve()

    def hang_up(self) -> None:
        """End the session as the peer asks (`close`), behind what it had brought."""
        self.session.flush()
        self._lost()

    # The rest is our own.

    def _let_go(self, request: Request) -> None:
        if request in self._held:
            self._held.remove(request)

    def _gone(self, waiting: WaitingReceive | EventStream) -> None:
        if self._waiting is waiting:
            self._waiting = None
            if not self._closing:
                self._restart_end(self._timeout)

    def _take(self, number: int | None) -> list[Item]:
        one = not self.form.is_batched
        outbox = self._outbox
        taken = outbox.take(one=one) if number is None else outbox.batch(number, one=one)
        self._refill()
        return taken

    def _offer(self, octets: bytes) -> bool:
        if self._outbox.size >= self._ahead or not self._outbox.push(octets):
            return False
        self._own_stats.messages_out += 1
        self._own_stats.bytes_out += len(octets)
        return True

    def _refill(self) -> None:
        self._overflow.flush(self._offer, self.form.write)

    def _replace(self, waiting: WaitingReceive | EventStream) -> None:
        older, self._waiting = self._waiting, waiting
        if older is not None:
            older.end()
        if self._end.active() and not self._closing:
            self._end.cancel()

    def _serve(self) -> None:
        self._stop_flush()
        waiting = self._waiting
        if isinstance(waiting, EventStream):
            while self._outbox and not waiting.is_full:
                events = [write_event(i.data, identifier=i.number) for i in self._outbox.stream()]
                waiting.write(waiting.framed(b"".join(events)))
                self._refill()
            if self._closing and not self._outbox:
                waiting.end()
        elif waiting is not None:
            ready = self._take(waiting.number)
            if ready:
                self._answer(ready)

    def _answer(self, ready: list[Item]) -> None:
        waiting = self._waiting
        assert isinstance(waiting, WaitingReceive)  # noqa: S101  # only such ones are answered
        waiting.answer(self.form.join([item.data for item in ready]))

    def _restart_end(self, seconds: float) -> None:
        if self._end.active():
            self._end.cancel()
        self._end = self._clock.callLater(seconds, self._too_late)

    def _stop_flush(self) -> None:
        if self._flush is not None and self._flush.active():
            self._flush.cancel()
        self._flush = None

    def _end_own_stats(self) -> None:
        self._state.connections.discard(self)
        self._place.leave()
        self._own_stats.who = self.session.authid
        self._own_stats.end(*told(self.session.ending))

    def _too_late(self) -> None:
        if not self._closing:
            self._state.stats.limits["lp-timeout"] += 1
        self._lost()

    def _lost(self) -> None:
        self._stop_flush()
        if self._end.active():
            self._end.cancel()
        waiting, self._waiting = self._waiting, None
        self._closing = True
        if waiting is not None:
            waiting.end()
        self._forget()
        self.session.lost()
        # It is not resumed any more.
        self.resume()
        self._end_own_stats()
