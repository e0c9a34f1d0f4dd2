# SPDX-License-Identifier: MIT
"""Rooms over Redis: said there, heard here in the order in which they were logged."""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from wsecho.bus.later import gather, when
from wsecho.bus.redis.canary import Canary
from wsecho.bus.redis.errors import RefusedError
from wsecho.bus.redis.followed import Followed
from wsecho.bus.redis.keys import Keys
from wsecho.bus.redis.link import Link, Standing
from wsecho.bus.redis.measures import Measures
from wsecho.bus.redis.records import MESSAGE, NO_TAG, read_entry, read_notice, write_record
from wsecho.bus.redis.scripts import LOAD, PUBLISH, TOUCH, Script
from wsecho.core.errors import BusTimeout, BusUnavailable, WireError
from wsecho.core.line import Began, Event, Loaded, Need, Renewed, Seen, Skipped, Took
from wsecho.core.positions import MAX_OFFSET, Position
from wsecho.core.retries import KEEP, KeyReusedError, Receipt, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.interface import Ear
    from wsecho.bus.later import Later
    from wsecho.bus.redis.address import Address
    from wsecho.bus.redis.greeting import Server
    from wsecho.core.history import Message
    from wsecho.core.hub import Hub, Rules
    from wsecho.core.presence import Card, Change
    from wsecho.core.rooms import Said

LINGER: Final = 30.0
"""Seconds that a room is followed on after its last member, and after it was asked for."""

TICK: Final = 1.0
MOST_LOADS: Final = 32
"""Rooms that are loaded at a time: after an outage all of them have to be."""

MOST_SEEN: Final = 50_000
"""Rooms that are not followed any more, but whose last message is remembered."""

MOST_TAGS: Final = 10_000
_PART: Final = 1 << 20
"""Bytes of a log that are loaded at a time."""

LOCAL: Final = "local-"
"""Begins the epoch of what was said while Redis was away, and heard here alone."""


@frozen
class Settings:
    """How Redis is used.

    Attributes:
        address: where it is.
        prefix: begins the name of all that is written there.
        timeout: seconds that a command may take.
        node_ttl: seconds after which a node that is silent is taken for dead.
        speaks_locally: whether messages reach this process's members while Redis is away.
    """

    address: Address
    prefix: str = "wsecho:"
    timeout: float = 2.0
    node_ttl: float = 15.0
    speaks_locally: bool = False


class RedisBus:
    """Rooms in all processes that use the same Redis and prefix.

    Args:
        settings: how Redis is used.
        rules: what rooms keep.
        reactor: Twisted's.
        hub: the rooms, as far as they are followed here.
        ear: delivers.
        now: the time, Unix seconds.
    """

    _log = Logger()

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        reactor: Any,
        hub: Hub[Any],
        ear: Ear,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._rules = rules
        self._hub = hub
        self._ear = ear
        self._now = now
        self.node = secrets.token_urlsafe(9)
        self.measures = Measures()
        self._keys = Keys(settings.prefix)
        name = f"wsecho-{self.node}"
        self._link = Link(settings.address, name, reactor, settings.timeout, self, self.measures)
        self._canary = Canary(
            self._link, self._keys.node(self.node), reactor, settings.timeout, self.measures
        )
        self._followed: dict[str, Followed] = {}
        self._channels: dict[bytes, Followed] = {}
        self._to_load: deque[Followed] = deque()
        self._loads = 0
        self._run = ""
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._tags: OrderedDict[bytes, tuple[Any, Any]] = OrderedDict()
        self._numbers = count(1)
        self._ttl = str(max(1, int(rules.history_ttl * 1000)))
        self._tick = LoopingCall(self._look_around)
        self._tick.clock = reactor

    # -- what the rooms ask for

    def start(self) -> None:
        """Connect."""
        self._link.start()
        self._canary.start()
        self._tick.start(TICK, now=False)

    def stop(self) -> None:
        """Let go of the connection."""
        if self._tick.running:
            self._tick.stop()
        self._canary.stop()
        self._link.stop()
        self._turn_away(BusUnavailable())

    @property
    def is_up(self) -> bool:
        """Whether Redis is connected to."""
        return self._link.standing is Standing.UP

    @property
    def _is_away(self) -> bool:
        return self._link.standing not in {Standing.UP, Standing.STARTING}

    def check_health(self) -> None:
        """See to it that messages get through.

        Raises:
            BusUnavailable: Redis is away, or does not pass on what it is told.
        """
        self._link.check()
        self._canary.check()

    def __len__(self) -> int:
        """Count the rooms that are followed."""
        return len(self._followed)

    def attach(self, room: str, after: Position | None = None) -> Deferred[None] | None:
        """Make a room current here, a place that is to be resumed included.

        Raises:
            OverLimit: there are too many rooms.
            BusUnavailable: Redis is away.
        """
        if self._is_away:
            if not self._settings.speaks_locally:
                raise BusUnavailable
            self._stray(room)
            return None
        followed = self._followed.get(room)
        if followed is None or room not in self._hub:
            followed = self._follow(room)
        followed.needed = self._now()
        if followed.is_current:
            if after is None or followed.reaches(after):
                return None
            # Somebody has seen more than was heard here.
            followed.line.fall_behind()
        waiting = followed.wait()
        self._load(followed)
        return waiting

    def publish(self, room: str, said: Said, sender: Any, origin: Any) -> Later[Receipt]:
        """Say something in a room.

        Raises:
            BusUnavailable: Redis is away; where it may be said here alone, only by its refusal.
            KeyReusedError, OverLimit: it is said here alone, and cannot be.
        """
        if self._is_away and self._settings.speaks_locally:
            return self._say_here(room, said, sender, origin)
        self._link.check()
        keys = self._keys.room(room)
        tag = self._tag(sender, origin)
        # A node that has seen more than Redis remembers has it begin anew.
        seen = self._seen_of(room)
        names: list[bytes | str] = [keys.head, keys.log]
        words: list[bytes | str] = [
            *self._stand(seen),
            str(self._rules.history),
            str(said.publication),
            write_record(said, tag),
            keys.channel,
        ]
        if said.key is not None:
            names.append(keys.receipt(said.caller, said.key))
            words += [digest(said.payload, is_binary=said.is_binary), str(int(KEEP * 1000))]
        answer = self._run_script(PUBLISH, names, words)
        return answer.addCallbacks(partial(self._said, room, tag), partial(self._not_said, tag))

    def check_keys(self, rooms: Sequence[str], said: Said) -> Later[None]:
        """See to it that something can be said in each of some rooms.

        Raises:
            BusUnavailable: Redis is away.
        """
        if self._is_away and self._settings.speaks_locally:
            return None
        self._link.check()
        if said.key is None:
            return None
        known = digest(said.payload, is_binary=said.is_binary)

        def compare(found: Any) -> None:
            if found is not None and found != known:
                raise KeyReusedError

        def ask(room: str) -> Deferred[None]:
            name = self._keys.room(room).receipt(said.caller, said.key or "")
            return self._ask("HGET", name, "digest").addCallback(compare)

        asked: dict[str, Later[None]] = {room: ask(room) for room in rooms}
        return when(gather(asked), lambda _: None)

    def tell(self, room: str, change: Change, but: Any = None) -> None:
        """Tell everybody in a room that a member of this process came or went."""
        self._ear.announce(room, change, but)

    def members(self, room: str) -> Later[list[Card]]:
        """List who is in a room.

        Raises:
            OverLimit: there are too many rooms.
        """
        return list(self._hub.use(room, self._now()).presence)

    def counts(self) -> Later[dict[str, int]]:
        """Count the members that others see, by room."""
        return {room.name: len(room.presence) for room in self._hub.rooms()}

    # -- what the link brings

    def came_up(self, server: Server) -> None:
        """Catch up with all rooms that are followed."""
        self._run = server.run
        self._canary.listen()
        for followed in self._followed.values():
            self._load(followed)

    def went_down(self) -> None:
        """Know nothing any more of what is said elsewhere."""
        self._canary.doubt()
        while self._to_load:
            self._to_load.popleft().is_asking = False
        for followed in self._followed.values():
            followed.line.break_off()
        self._turn_away(BusUnavailable())

    def pushed(self, push: list[Any]) -> None:
        """Hear what is told on a channel."""
        if push[0] != b"message":
            return
        followed = self._channels.get(push[1])
        if followed is None:
            self._canary.hear(push[1], push[2])
        elif followed.name not in self._hub:
            self._unfollow(followed)
        elif push[2][:1] == MESSAGE:
            logged = read_notice(push[2])
            events = followed.line.take_notice(logged.message)
            self._apply(followed, events, {logged.message: logged.tag})
            followed.acknowledge()
            self._load(followed)

    # -- following

    def _follow(self, room: str) -> Followed:
        now = self._now()
        self._hub.use(room, now)
        before = self._followed.get(room)
        if before is not None:
            # The hub has let the room go, to make place for others.
            self._unfollow(before)
        followed = Followed(room, self._keys.room(room), now)
        self._followed[room] = followed
        self._channels[followed.keys.channel.encode()] = followed
        return followed

    def _unfollow(self, followed: Followed) -> None:
        self._link.tell("UNSUBSCRIBE", followed.keys.channel)
        self._remember(followed.name, followed.seen)
        del self._followed[followed.name]
        del self._channels[followed.keys.channel.encode()]
        followed.acknowledge(float("inf"))
        followed.turn_away(BusUnavailable())

    def _load(self, followed: Followed) -> None:
        """Ask the log for what the line needs, if it needs anything, in its turn."""
        if followed.line.need is None or followed.is_asking or not self.is_up:
            return
        followed.is_asking = True
        self._to_load.append(followed)
        self._load_next()

    def _load_next(self) -> None:
        while self._to_load and self._loads < MOST_LOADS and self.is_up:
            self._ask_log(self._to_load.popleft())

    def _ask_log(self, followed: Followed) -> None:
        line = followed.line
        seen = line.seen if line.seen.epoch else self._seen.get(followed.name, line.seen)
        if line.need is Need.RENEWAL:
            seen = Seen(line.disowned, MAX_OFFSET)
        # What is said from here on is heard, what was said before is in the answer.
        self._link.tell("SUBSCRIBE", followed.keys.channel)
        names: list[bytes | str] = [followed.keys.head, followed.keys.log]
        # A line that has not begun wants all of the log, whatever this node saw earlier.
        words: list[bytes | str] = [*self._stand(seen), str(_PART), "1" if line.seen.epoch else ""]
        self._loads += 1
        run = self._run
        answer = self._run_script(LOAD, names, words)
        answer.addBoth(self._asked, followed)
        answer.addCallback(self._loaded, followed, run)
        answer.addErrback(self._not_loaded, followed)

    def _asked(self, outcome: Any, followed: Followed) -> Any:
        followed.is_asking = False
        self._loads -= 1
        return outcome

    def _loaded(self, reply: list[Any], followed: Followed, run: str) -> None:
        if self._followed.get(followed.name) is followed and followed.name in self._hub:
            self._take_loaded(reply, followed, run)
            self._load(followed)
        self._load_next()

    def _take_loaded(self, reply: list[Any], followed: Followed, run: str) -> None:
        epoch, head, last, anchor, more, *entries = reply
        word = epoch.decode("ascii")
        logged = [
            read_entry(word, offset, body)
            for offset, body in zip(entries[::2], entries[1::2], strict=True)
        ]
        loaded = Loaded(
            word,
            head,
            [each.message for each in logged],
            last=int(last) if last else None,
            is_complete=not more,
            anchor=int(anchor) if anchor else None,
            was_away=followed.run != run,
        )
        if not followed.is_quiet:
            self.measures.catch_ups += 1
        tags = {each.message: each.tag for each in logged}
        self._apply(followed, followed.line.load(loaded), tags)
        if followed.is_current:
            self._is_current(followed, run)

    def _is_current(self, followed: Followed, run: str) -> None:
        followed.run = run
        followed.is_quiet = False
        if followed.has_strayed:
            followed.has_strayed = False
            self._ear.renew(followed.name, Position(followed.seen.epoch, followed.seen.offset))
        followed.acknowledge()
        followed.let_in()

    def _not_loaded(self, failure: Failure, followed: Followed) -> None:
        error = failure.value
        if not isinstance(error, WireError | RefusedError):
            self._log.failure("cannot load {room}", failure, room=followed.name)
        followed.turn_away(BusUnavailable())
        self._load_next()

    # -- what follows from what was heard

    def _apply(self, followed: Followed, events: list[Event], tags: dict[Message, bytes]) -> None:
        room, now = followed.name, self._now()
        for event in events:
            if isinstance(event, Took):
                self._take(followed, event.message, tags.get(event.message, NO_TAG), now)
            elif isinstance(event, Began):
                self._hub.reset(room, event.epoch, event.base, now)
            elif isinstance(event, Renewed):
                self.measures.renewals += 1
                self._hub.reset(room, event.epoch, event.base, now)
                self._ear.renew(room, Position(event.epoch, event.base))
            elif isinstance(event, Skipped):
                epoch = followed.seen.epoch
                self._hub.reset(room, epoch, event.upto, now)
                if not followed.is_quiet:
                    self._ear.skip(room, epoch, event.after, event.upto)

    def _take(self, followed: Followed, message: Message, tag: bytes, now: float) -> None:
        sender, origin = self._tags.pop(tag, (None, None)) if tag != NO_TAG else (None, None)
        delivery = self._hub.take(followed.name, message, sender, now)
        if not followed.is_quiet:
            self._ear.hear(followed.name, delivery, origin)

    # -- saying

    def _tag(self, sender: Any, origin: Any) -> bytes:
        if origin is None and (sender is None or sender.wants_own):
            return NO_TAG
        tag = f"{self.node}:{next(self._numbers)}".encode()
        self._tags[tag] = (sender, origin)
        if len(self._tags) > MOST_TAGS:
            self._tags.popitem(last=False)
        return tag

    def _said(self, room: str, tag: bytes, reply: list[Any]) -> Later[Receipt]:
        if reply[0] == b"reused":
            raise KeyReusedError
        how, epoch, offset, publication = reply
        receipt = Receipt(Position(epoch.decode("ascii"), offset), int(publication))
        followed = self._followed.get(room)
        if how == b"again":
            self._tags.pop(tag, None)
            return receipt
        if followed is None:
            self._remember(room, Seen(receipt.position.epoch, offset, receipt.publication))
            return receipt
        if followed.reaches(receipt.position):
            return receipt
        # Whoever said it hears it before it is told where it stands.
        return followed.acknowledge_later(receipt, self._now() + self._settings.timeout / 2)

    def _not_said(self, tag: bytes, failure: Failure) -> Any:
        if not failure.check(BusTimeout):
            self._tags.pop(tag, None)
        return failure

    def _say_here(self, room: str, said: Said, sender: Any, origin: Any) -> Receipt:
        self._stray(room)
        delivery = self._hub.publish(room, said, sender, self._now())
        if delivery.message is not None:
            self._ear.hear(room, delivery, origin)
        return delivery.receipt

    def _stray(self, room: str) -> None:
        """Let a room go on without Redis, in an epoch of its own that says so."""
        followed = self._followed.get(room)
        if followed is None or room not in self._hub:
            followed = self._follow(room)
        followed.needed = self._now()
        if followed.has_strayed:
            return
        self._remember(room, followed.seen)
        followed.line, followed.is_quiet, followed.has_strayed = type(followed.line)(), True, True
        epoch = f"{LOCAL}{secrets.token_urlsafe(9)}"
        self._hub.reset(room, epoch, 0, self._now())
        self._ear.renew(room, Position(epoch, 0))

    # -- the rest

    def _stand(self, seen: Seen) -> list[bytes | str]:
        return [secrets.token_urlsafe(9), seen.epoch, str(seen.offset), self._ttl]

    def _seen_of(self, room: str) -> Seen:
        followed = self._followed.get(room)
        if followed is not None and followed.seen.epoch:
            return followed.seen
        return self._seen.get(room, Seen())

    def _remember(self, room: str, seen: Seen) -> None:
        if not seen.epoch:
            return
        known = self._seen.pop(room, seen)
        self._seen[room] = (
            known if known.epoch == seen.epoch and known.offset > seen.offset else seen
        )
        if len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)

    def _ask(self, *words: bytes | str) -> Deferred[Any]:
        return self._link.ask(*words).addErrback(_refused)

    def _run_script(
        self, script: Script, names: list[bytes | str], words: list[bytes | str]
    ) -> Deferred[Any]:
        rest = [str(len(names)), *names, *words]

        def again(failure: Failure) -> Any:
            failure.trap(RefusedError)
            assert isinstance(failure.value, RefusedError)  # noqa: S101  # trapped
            if failure.value.code != "NOSCRIPT":
                return failure
            return self._link.ask("EVAL", script.source, *rest)

        asked = self._link.ask("EVALSHA", script.digest, *rest).addErrback(again)
        return asked.addErrback(_refused)

    def _turn_away(self, error: WireError) -> None:
        for followed in self._followed.values():
            followed.turn_away(error)
            followed.acknowledge(float("inf"))

    def _look_around(self) -> None:
        """Let go of rooms that nobody needs, and keep alive those that are needed."""
        now = self._now()
        for followed in list(self._followed.values()):
            if self._hub.has_members(followed.name) or followed.is_waited_for:
                followed.needed = now
            if followed.acknowledge(now):
                # It was logged, and has not come: something is lost on the way.
                followed.line.fall_behind()
            if now - followed.needed >= LINGER and self._hub.forget(followed.name):
                self._unfollow(followed)
            elif self.is_up:
                self._load(followed)
                self._touch(followed, now)

    def _touch(self, followed: Followed, now: float) -> None:
        if now - followed.touched < self._rules.history_ttl / 3 or followed.needed != now:
            return
        followed.touched = now
        names: list[bytes | str] = [followed.keys.head, followed.keys.log]
        self._run_script(TOUCH, names, [self._ttl]).addErrback(_ignore)


def _refused(failure: Failure) -> Any:
    """Tell that Redis refused something, which then is not done."""
    if failure.check(RefusedError):
        raise BusUnavailable("Redis refuses it; nothing was done")
    return failure


def _ignore(_: Failure) -> None:
    """It is tried again."""
