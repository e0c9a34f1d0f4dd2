# SPDX-License-Identifier: MIT
"""One connection of the lab: what is sent when, given what comes and what time it is.

Nothing is called back. Whoever drives it tells it of octets, of the time and of the end, and asks
it then what may be sent (`data_to_send`), when to ask again (`next_time`), whether to read
(`reads`), and how our half ends (`end`).

While an action waits, control frames are answered by themselves. A Close is answered once nothing
stands before it.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final

from attrs import field, frozen

from wsecho.core.lab.answer import LabAnswer
from wsecho.core.lab.chain import Chain
from wsecho.core.lab.messages import LabInbox, MessageGatherer, too_large
from wsecho.core.lab.modes import Chance, Modes
from wsecho.core.lab.observer import PROBE, Observer
from wsecho.core.lab.outflow import AT_ONCE, MAX_ENTRIES, HalfEnd, OctetPace, OutEntry
from wsecho.core.lab.reading import LenientReader, ReceivedFrame
from wsecho.core.lab.record import Record
from wsecho.core.lab.script import ROOM, ForMessage, ForRoom, Need, Script, Stage, Until
from wsecho.core.lab.sender import ANSWERED, JUDGED, LabCounts, LabSender
from wsecho.core.lab.step_kind import Phase
from wsecho.core.lab.values import Bounds
from wsecho.core.lab.verdict import ClientVerdict
from wsecho.core.lab.watching import TOO_EARLY, ClientWatcher, Wrong
from wsecho.core.limits.rates import Meter, Rates
from wsecho.core.websocket.compression import Codec
from wsecho.core.websocket.frames import Opcode, encode_frame
from wsecho.core.websocket.reading import Unmask
from wsecho.core.wire.errors import OVER_RATE, STOPPING, CloseCode, CloseReason

APART: Final = 0.02
"""Seconds between the answer and a first frame that is not to be in one segment with it."""

LINGER: Final = 5.0
"""Seconds that a client has to end TCP behind a closing handshake."""

LAST_WORDS: Final = 1.0
"""Seconds that it has once the time is over."""

MAX_AT_ONCE: Final = 500
"""Frames that are read, or things that the script does, before other connections have a turn."""

TIME_IS_OVER: Final = CloseReason(CloseCode.NORMAL, "lab time is over")
SENT_ENOUGH: Final = CloseReason(
    CloseCode.POLICY_VIOLATION, "the lab sends no more: 64 times --max-message-size"
)


@frozen
class Plan:
    """What a connection is for.

    Attributes:
        chain: its steps.
        answer: what its handshake is answered with.
        bounds: how much it may do.
        head: what the step `head` sends.
        chance: draws numbers from 0 to 1.
        seeded: makes what draws the same numbers each time, given which.
        unmask: how to unmask.
        rates: how fast messages may come.
    """

    chain: Chain
    answer: LabAnswer
    bounds: Bounds
    head: bytes
    chance: Chance
    seeded: Callable[[int], Chance]
    unmask: Unmask
    rates: Rates = field(factory=Rates)


class LabSession:
    """What is sent on one connection.

    Args:
        plan: what it is for.
        now: the time, as of the clock that it is told by.
        verdict: what the client is judged by, None for nothing.
        record: where it is noted, None for nowhere.

    Attributes:
        is_over: whether all is done, and the connection is to be cut.
        limits_met: how often each rate was met, by its option's name.
    """

    def __init__(
        self,
        plan: Plan,
        now: float,
        verdict: ClientVerdict | None = None,
        record: Record | None = None,
    ) -> None:
        self._chain, self._answer, self._bounds = plan.chain, plan.answer, plan.bounds
        agreement = plan.answer.agreement
        self._sender = LabSender(plan.bounds, Modes(plan.chance, plan.seeded), agreement, now)
        self._begun = now
        watcher = ClientWatcher(is_compressed=agreement is not None)
        self._observer = Observer(watcher, verdict, record)
        self._reader = LenientReader(plan.bounds.message, plan.unmask)
        inflater = None if agreement is None else Codec(agreement)
        self._gatherer = MessageGatherer(plan.bounds.message, inflater)
        self._inbox = LabInbox()
        self._stage = Stage(plan.chain, self._sender, self._inbox, self._observer, plan.head)
        self._script: Script | None = None
        self._need: Need = ROOM
        self._is_answered = self._got_close = self._is_draining = False
        self._lingers = self._time_is_over = False
        self._early = bytearray()
        self._has_unread = False
        self.is_over = False
        self._rates, self._meter = plan.rates, Meter(plan.rates)
        self.limits_met: Counter[str] = Counter()
        self._by: str | None = None
        self._close_payload = b""
        self._cut_at = now + plan.bounds.time
        self._ping_at: float | None = None
        self._pings = 0
        hold = plan.chain.of("hold", 0.0)
        # True: the step stands alone, and nothing is ever answered.
        self._answer_at = None if hold is True else now + hold
        if hold is True:
            self._observer.begin_verdict(now)
        self._apply_first_modes()

    # -- what is asked

    @property
    def reads(self) -> bool:
        """Whether more is to be read: not while a client does not take what it is sent."""
        return self._takes_frames and not self._has_unread

    @property
    def end(self) -> HalfEnd | None:
        """How our half of the connection ends now."""
        return self._sender.out.end

    @property
    def ended_by(self) -> str:
        """Who has ended it: `client`, `server` or `time`."""
        return self._by or "client"

    @property
    def close_code(self) -> int | None:
        """The code of the client's Close; None where there is none."""
        return self._observer.code

    @property
    def counts(self) -> LabCounts:
        """What went through it."""
        return self._sender.counts

    @property
    def next_time(self) -> float:
        """When to ask again though nothing comes."""
        moments = [
            *(self._answer_at, self._ping_at, self._observer.due),
            self._sender.modes.lonely_at,
            None if self._sender.is_full else self._sender.out.next_time,
            self._script_due,
            self._sender.now if self._has_unread and self._takes_frames else None,
        ]
        return min([self._cut_at, *(moment for moment in moments if moment is not None)])

    # -- what is told

    def receive(self, data: bytes, now: float) -> None:
        """Take octets of the client's."""
        self._sender.now = now
        if self._sender.modes.stall:
            return
        if not self._is_answered:
            self._keep_early(data)
            return
        self._read(data)
        self._go_on()

    def wake(self, now: float) -> None:
        """Take note of the time."""
        self._sender.now = now
        self._observer.look(now)
        if self._answer_at is not None and now >= self._answer_at:
            self._answer_at = None
            self._send_answer()
        if self._ping_at is not None and now >= self._ping_at:
            self._ping(now)
        lonely = self._sender.modes.lonely_at
        if lonely is not None and now >= lonely:
            self._sender.release()
        if now >= self._cut_at:
            self._end_of_time()
        self._read()
        self._go_on()

    def take_room(self, now: float, *, full: bool) -> None:
        """Take note of whether the client takes nothing now."""
        self._sender.now, self._sender.is_full = now, full
        self._read()
        self._go_on()

    def stop(self, now: float) -> None:
        """Close, for the server is about to stop."""
        self._sender.now = now
        self._close(STOPPING, "server")

    def lost(self, how: str, now: float) -> None:
        """Take note that the connection is gone.

        Args:
            how: `fin`, `reset`, or `open` where it is not the client that has ended TCP.
            now: the time.
        """
        self._sender.now, self.is_over = now, True
        self._end_script()
        if not self._sender.modes.stall:
            self._note_unread()
        # By `fin`, `reset` or `cut`: what the client does then tells nothing of what was before.
        is_ours = self._stage.has_ended and not self._stage.has_closed
        self._observer.lost(self.ended_by, how, now, is_ours=is_ours)

    def data_to_send(self, now: float) -> bytes:
        """Take what is to be sent now; to be asked until there is nothing more."""
        self._sender.now = now
        out = self._sender.out
        data = out.take(now)
        if out.end is not None and self._lingers:
            self._lingers = False
            self._cut_at = min(self._cut_at, now + LINGER)
        for mark in out.take_gone():
            self._has_gone(mark, now)
        if data:
            self._go_on()
        return data

    # -- the handshake

    def _apply_first_modes(self) -> None:
        """Have what stands first hold before the first octet is read."""
        for step in self._chain.script:
            if step.kind.phase is not Phase.MODE:
                break
            self._sender.modes.apply(step)

    def _send_answer(self) -> None:
        sender, trickle = self._sender, self._chain.of("trickle")
        pace = AT_ONCE if trickle is None else OctetPace(1, trickle)
        self._observer.answered(self._answer.status)
        sender.out.push(OutEntry(self._answer.octets, due=sender.now, pace=pace, mark=ANSWERED))
        if self._answer.opens and self._chain.has("glue"):
            sender.is_glued = True
            self._begin(ROOM)
            self._go_on()

    def _keep_early(self, data: bytes) -> None:
        """Keep what a client sends that did not wait for the answer."""
        if not self._early:
            self._observer.note([TOO_EARLY], self._sender.now)
        self._early += data

    def _has_gone(self, mark: object, now: float) -> None:
        if self._chain.rule is None or mark == JUDGED:
            self._observer.begin_verdict(now)
        if mark == ANSWERED:
            self._is_answered = True
            if self._answer.opens:
                self._open(now)
            else:
                self._say_by("server")
                self._drain()
            early, self._early = bytes(self._early), bytearray()
            if early:
                self.receive(early, now)

    def _open(self, now: float) -> None:
        if self._script is None and not self._stage.has_ended:
            first = next(self._chain.actions, None)
            is_apart = first is not None and (first.kind.sends or first.kind.ends)
            self._begin(Until(now + APART) if is_apart else ROOM)
        if self._chain.rule is None and self._observer.verdict is not None:
            # Whoever answers it has taken the answer for a right one.
            self._observer.watcher.pinged(PROBE)
            self._sender.push(encode_frame(Opcode.PING, PROBE), late=APART)

    def _begin(self, need: Need) -> None:
        self._script, self._need = self._stage.run(), need

    # -- the script

    def _go_on(self) -> None:
        """Have the script do what it can."""
        for _ in range(MAX_AT_ONCE):
            if self._script is None or not self._is_met(self._need):
                break
            try:
                self._need = next(self._script)
            except StopIteration:
                self._script = None
                if self._stage.has_ended:
                    self._chain_has_ended()
            self._look_at_modes()
        if self._sender.is_spent and not self._is_draining:
            self._close(SENT_ENOUGH, "server")
        elif self._inbox.first is not None and self._inbox.first.is_close and self._is_between:
            self._answer_close()

    def _is_met(self, need: Need) -> bool:
        if self._sender.is_spent:
            return False
        match need:
            case Until(moment):
                return self._sender.now >= moment
            case ForMessage():
                return self._inbox.has_message and self._sender.has_room
            case ForRoom():
                return self._sender.has_room

    @property
    def _script_due(self) -> float | None:
        """When the script can go on; None where it is not for the time that it waits."""
        if self._script is None:
            return None
        if self._is_met(self._need):
            return self._sender.now
        return self._need.moment if isinstance(self._need, Until) else None

    @property
    def _is_between(self) -> bool:
        """Whether no message of ours waits for room to go on."""
        return self._script is None or not isinstance(self._need, ForRoom)

    def _look_at_modes(self) -> None:
        every = self._sender.modes.ping_every
        if every is not None and self._ping_at is None and not self._stage.has_closed:
            self._ping_at = self._sender.now + every

    def _chain_has_ended(self) -> None:
        self._say_by("server")
        if self._got_close:
            self._answer_close()
        elif not self._stage.has_closed:
            # By `fin`, `reset` or `cut`: what comes is drained.
            self._is_draining = True
            self._inbox.clear()

    def _end_script(self) -> None:
        if self._script is not None:
            self._script.close()
            self._script = None

    def _ping(self, now: float) -> None:
        every = self._sender.modes.ping_every
        if every is None or self._stage.has_closed or self._is_draining:
            self._ping_at = None
            return
        self._ping_at = now + every
        if self._sender.has_room:
            self._pings += 1
            payload = str(self._pings).encode()
            self._observer.watcher.pinged(payload)
            self._sender.push(encode_frame(Opcode.PING, payload))

    # -- what comes

    @property
    def _takes_frames(self) -> bool:
        """Whether what has come may be looked at, and not wait for what came before it."""
        if self._sender.modes.stall:
            return False
        if self._is_draining:
            return True
        out = self._sender.out
        # Half of the entries are for pongs, which nothing but reading brings about.
        held = self._inbox.size + out.held + len(self._early)
        is_held_up = self._sender.is_full or len(out) >= 2 * MAX_ENTRIES
        return not is_held_up and held <= self._bounds.message

    def _read(self, data: bytes = b"") -> None:
        """Take the frames of what comes, and of what was left, as far as there is room."""
        if not (data or self._has_unread):
            return
        frames = self._reader.feed(data)
        self._has_unread = False
        for _ in range(MAX_AT_ONCE):
            if not self._takes_frames:
                break
            frame = next(frames, None)
            if frame is None:
                return
            self._take(frame)
        self._has_unread = True

    def _note_unread(self) -> None:
        """Note the frames that nothing is done about any more."""
        for frame in self._reader.feed(b""):
            self._observer.frame(frame, self._sender.now)

    def _take(self, frame: ReceivedFrame) -> None:
        now = self._sender.now
        wrong = self._observer.frame(frame, now)
        if wrong is None and frame.payload is None:
            wrong = too_large(self._bounds.message)
        if self._is_draining:
            return
        if wrong is not None:
            if frame.head.opcode == Opcode.CLOSE:
                self._say_by("client")
            self._fail(wrong)
            return
        payload = frame.payload or b""
        match frame.head.opcode:
            case Opcode.PING:
                self._pong(payload)
            case Opcode.CLOSE:
                self._take_close(payload)
            case Opcode.PONG:
                pass
            case _ if not self._got_close:
                self._take_data(frame, now)

    def _pong(self, payload: bytes) -> None:
        if not (self._sender.modes.no_pong or self._stage.has_closed or self._got_close):
            self._sender.push(encode_frame(Opcode.PONG, payload))

    def _take_data(self, frame: ReceivedFrame, now: float) -> None:
        found = self._gatherer.frame(frame, round(1000 * (now - self._begun), 1))
        if isinstance(found, Wrong):
            if found.code is not CloseCode.MESSAGE_TOO_BIG:
                self._observer.note([found], now)
            self._fail(found)
        elif found is not None:
            self._observer.message(found.message, now)
            self._sender.counts.messages_in += 1
            self._sender.counts.bytes_in += len(found.payload)
            if not (self._stage.has_closed or self._is_over_rate(found.payload, now)):
                self._inbox.put(found)

    def _is_over_rate(self, payload: bytes, now: float) -> bool:
        if not self._meter.count(len(payload), now):
            return False
        self.limits_met[self._meter.exceeded] += 1
        if self._rates.policy == "close":
            self._close(OVER_RATE, "server")
        return True

    def _take_close(self, payload: bytes) -> None:
        if self._got_close:
            return
        self._got_close = True
        self._say_by("client")
        self._close_payload = payload
        if self._stage.has_closed:
            self._inbox.clear()
            self._answer_close()
        else:
            self._inbox.put_close(payload)

    # -- the end

    def _answer_close(self) -> None:
        """Answer the client's Close, which nothing stands before; or take it for the answer."""
        self._inbox.clear()
        self._end_script()
        sender, stage = self._sender, self._stage
        sender.release()
        if not stage.has_closed:
            if sender.modes.no_close:
                return
            stage.has_closed = True
            sender.push(encode_frame(Opcode.CLOSE, self._close_payload))
        if not sender.modes.keep_tcp:
            self._drain()

    def _fail(self, wrong: Wrong) -> None:
        assert wrong.code is not None  # noqa: S101  # else the connection goes on
        self._close(CloseReason(wrong.code, wrong.what), "server")

    def _close(self, why: CloseReason, by: str) -> None:
        """Close behind what was sent; after that, what comes is drained."""
        self._say_by(by)
        self._end_script()
        if not (self._answer.opens and self._is_answered):
            self.is_over = True
            return
        out = self._sender.out
        if not self._stage.has_closed:
            self._stage.has_closed = True
            octets = encode_frame(Opcode.CLOSE, int(why.code).to_bytes(2) + why.reason.encode())
            out.push(OutEntry(octets, due=self._sender.now))
        self._drain()

    def _drain(self) -> None:
        """End our half behind all that is sent; note what comes, and do nothing about it."""
        self._is_draining = self._lingers = True
        self._inbox.clear()
        self._sender.push_end(HalfEnd.FIN)

    def _end_of_time(self) -> None:
        """Say that the time is over; cut whoever was told already, or cannot be."""
        was_draining = self._is_draining or self._stage.has_ended
        self._say_by("time")
        if was_draining or self._time_is_over or not self._is_answered:
            self.is_over = True
            return
        self._time_is_over = True
        self._end_script()
        if self._sender.out.clear():
            # A frame would be cut by a Close in it.
            self.is_over = True
            return
        self._cut_at = self._sender.now + LAST_WORDS
        self._sender.modes.latency = self._sender.modes.jitter = 0.0
        self._close(TIME_IS_OVER, "time")

    def _say_by(self, by: str) -> None:
        if self._by is None:
            self._by = by
