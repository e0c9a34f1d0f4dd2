# SPDX-License-Identifier: MIT
"""Nodes joined by what stands for Redis: one thing after another, on each node's connection.

What a node asks waits in its `outbox` until it is `carried`, and what comes of it, told or
answered, in the `inbox` of each node that hears it until it is `taken`. So a test may choose any
order that Redis may choose.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import cbor2
from attrs import define, field

from tests.unit.router.peers import HandClock, World
from wsecho.core.promise import Later, Promise
from wsecho.router import WampError
from wsecho.router.cluster import messages
from wsecho.router.wire.errors import NETWORK_FAILURE, TIMEOUT, CannotCarryError, TakenError

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Sequence

    from wsecho.router.cluster.messages import Notice

PATIENCE = 15.0


@define(eq=False)
class Air:
    """What Redis is to the nodes.

    Attributes:
        radios: the nodes that are connected, by name.
        known: those that are not known to be dead.
        held: who holds each place: node, holder, rule, rank.
    """

    radios: dict[str, Radio] = field(factory=dict)
    known: set[str] = field(factory=set)
    kept: dict[str, bytes] = field(factory=dict)
    held: dict[str, list[tuple[str, int, str, int]]] = field(factory=dict)
    turns: dict[str, int] = field(factory=dict)
    wills: dict[tuple[str, str], bytes] = field(factory=dict)
    ranks: int = 0

    def tell(self, payload: bytes, keep: str | None) -> None:
        """Let all hear it."""
        if keep is not None:
            self.kept[keep] = payload
        for radio in self.radios.values():
            radio.inbox.append(radio.hearing(payload))

    def carry_out(
        self, will: tuple[str, str], payload: bytes, keep: str | None, *, is_own: bool
    ) -> bool:
        """Tell it, if nobody has."""
        if not self.wills.get(will, is_own):
            return False
        self.wills[will] = b""
        self.tell(payload, keep)
        return True

    def send(self, node: str, payload: bytes) -> bool:
        """Let one hear it."""
        radio = self.radios.get(node)
        if radio is not None:
            radio.inbox.append(radio.hearing(payload))
        return radio is not None

    def claim(self, claim: tuple[str, int, str, int], place: str, *, is_shared: bool) -> int:
        """Hold a place, or fail."""
        node, holder, rule, rank = claim
        held = [each for each in self.held.get(place, []) if each[0] in self.known]
        for each in held:
            if each[:2] == (node, holder):
                return each[3]
            if each[2] != rule or not is_shared:
                raise TakenError(each[2], rule)
        self.ranks = max(self.ranks + (not rank), rank)
        self.held[place] = [*held, (node, holder, rule, rank or self.ranks)]
        return rank or self.ranks

    def cede(self, node: str, place: str, holder: int, *, is_others: bool) -> None:
        """Hold it no longer."""
        if is_others and node in self.known:
            return
        left = [each for each in self.held.get(place, []) if each[:2] != (node, holder)]
        self.held[place] = left
        if not left:
            self.turns.pop(place, None)

    def take_turn(self, place: str) -> int:
        """Count up."""
        self.turns[place] = self.turns.get(place, -1) + 1
        return self.turns[place]


@define(eq=False)
class Radio:
    """One node's `Network`."""

    node: str
    air: Air
    goes_on_alone: bool = False
    is_away: bool = False
    patience: float = PATIENCE
    outbox: deque[tuple[Callable[[], Any], Promise[Any]]] = field(factory=deque)
    inbox: deque[Callable[[], None]] = field(factory=deque)
    asked: list[Promise[Any]] = field(factory=list)
    claims: dict[tuple[str, int], tuple[str, bool, int, Callable[[], None]]] = field(factory=dict)
    doubtful: set[tuple[str, str, int]] = field(factory=set)
    wills: dict[str, bytes] = field(factory=dict)
    heir: Callable[[str, str, Notice], Later[bool]] = field(init=False)
    heard: Callable[[str, Notice], None] = field(init=False)
    changed: Callable[[frozenset[str]], None] = field(init=False)

    # what the router asks for

    def begin(
        self, heard: Callable[[str, Notice], None], changed: Callable[[frozenset[str]], None]
    ) -> None:
        """Keep whom to tell."""
        self.heard, self.changed = heard, changed

    def tell(self, notice: Notice, keep: str | None = None) -> Later[None]:
        """Tell all."""
        if self.is_away and self.goes_on_alone:
            return None
        payload = self.encode(notice)
        return self.ask(lambda: self.air.tell(payload, keep))

    def send(self, node: str, notice: Notice) -> Promise[bool]:
        """Tell one."""
        payload = self.encode(notice)
        return self.ask(lambda: self.air.send(node, payload))

    def catch_up(self) -> Promise[None]:
        """Hear first what was told."""
        return self.ask(lambda: None)

    def keep(self, name: str, notice: Notice) -> None:
        """Keep it."""
        payload = self.encode(notice)
        self.cast(lambda: self.air.kept.update({name: payload}))

    def drop(self, names: Sequence[str]) -> None:
        """Keep it no longer."""
        self.cast(lambda: [self.air.kept.pop(name, None) for name in names])

    def kept(self) -> Promise[Iterable[Notice]]:
        """What is kept."""
        return self.ask(lambda: [decode(payload)[1] for payload in self.air.kept.values()])

    def bequeath(self, name: str, notice: Notice) -> Later[None]:
        """Have it inherited."""
        payload = self.encode(notice)
        if self.is_away and self.goes_on_alone:
            self.wills[name] = payload
            return None
        asked = self.ask(lambda: self.air.wills.update({(self.node, name): payload}))
        self.wills[name] = payload
        return asked

    def revoke(self, names: Sequence[str]) -> None:
        """No more."""
        for name in names:
            self.wills.pop(name, None)
        self.cast(lambda: [self.air.wills.pop((self.node, name), None) for name in names])

    def inherit(self, heir: Callable[[str, str, Notice], Later[bool]]) -> None:
        """Keep who does."""
        self.heir = heir

    def carry_out(self, node: str, name: str, notice: Notice, keep: str | None) -> Later[bool]:
        """Tell it once."""
        is_own, payload = node == self.node, self.encode(notice)
        if is_own and name not in self.wills:
            return False
        return self.ask(lambda: self.air.carry_out((node, name), payload, keep, is_own=is_own))

    def is_spent(self, node: str, name: str) -> Later[bool]:
        """Whether it was told."""
        is_own = node == self.node
        if is_own and name not in self.wills:
            return True
        return self.ask(lambda: not self.air.wills.get((node, name), is_own))

    def spend(self, node: str, name: str) -> None:
        """It was."""
        if node == self.node:
            self.revoke([name])
        else:
            self.cast(lambda: self.air.wills.update({(node, name): b""}))

    def look(self) -> None:
        """Carry out, one after another, what dead nodes left."""
        left = [
            (will, payload)
            for will, payload in sorted(self.air.wills.items())
            if payload and will[0] not in self.air.known
        ]
        if left and not self.is_away:
            (node, name), payload = left[0]
            outcome = self.heir(node, name, decode(payload)[1])
            if isinstance(outcome, Promise):
                outcome.then(lambda _: self.look(), lambda _: None)
            else:
                self.look()

    def claim(
        self, place: str, holder: int, rule: str, lost: Callable[[], None], *, is_shared: bool
    ) -> Later[int]:
        """Hold a place."""
        if self.is_away and self.goes_on_alone:
            rank = 1 + max([self.air.ranks, *(kept[2] for kept in self.claims.values())])
            self.claims[place, holder] = rule, is_shared, rank, lost
            return rank
        claimed = (self.node, holder, rule, 0)
        asked = self.ask(lambda: self.air.claim(claimed, place, is_shared=is_shared))
        answer: Promise[int] = Promise()

        def done(rank: int) -> None:
            self.claims[place, holder] = rule, is_shared, rank, lost
            answer.give(rank)

        def failed(error: WampError) -> None:
            if error.uri == TIMEOUT:
                self.doubtful.add((self.node, place, holder))
            answer.fail(error)

        asked.then(done, failed)
        return answer

    def cede(self, place: str, holder: int, node: str | None = None) -> None:
        """Hold it no longer."""
        if node is None:
            self.claims.pop((place, holder), None)
        of = node or self.node
        self.doubtful.add((of, place, holder))
        if not self.is_away:
            asked = self.ask(lambda: self.air.cede(of, place, holder, is_others=of != self.node))
            asked.then(lambda _: self.doubtful.discard((of, place, holder)), lambda _: None)

    def take_turn(self, place: str) -> Promise[int]:
        """Count up."""
        return self.ask(lambda: self.air.take_turn(place))

    # what becomes of it

    def ask(self, call: Callable[[], Any]) -> Promise[Any]:
        """Let it wait for its turn."""
        if self.is_away:
            raise WampError(NETWORK_FAILURE)
        answer: Promise[Any] = Promise()
        self.outbox.append((call, answer))
        self.asked.append(answer)
        return answer

    def cast(self, call: Callable[[], Any]) -> None:
        """The same, where nobody waits for an answer."""
        if not self.is_away:
            self.outbox.append((call, Promise()))

    def carry(self) -> None:
        """Let one thing happen that was asked for."""
        call, answer = self.outbox.popleft()
        try:
            value = call()
        except WampError as error:
            failure = error  # which would be gone by then
            self.inbox.append(lambda: self._answered(answer.fail, failure, answer))
        else:
            self.inbox.append(lambda: self._answered(answer.give, value, answer))

    def _answered(self, say: Callable[[Any], None], what: Any, answer: Promise[Any]) -> None:
        if answer in self.asked:
            self.asked.remove(answer)
        say(what)

    def take(self) -> None:
        """Take one thing that has come."""
        self.inbox.popleft()()

    def hearing(self, payload: bytes) -> Callable[[], None]:
        """Hear something, once it is taken."""
        node, notice = decode(payload)
        return lambda: self.heard(node, notice)

    def encode(self, notice: Notice) -> bytes:
        """As bytes, for nothing else to be shared."""
        try:
            return cbor2.dumps([self.node, messages.write(notice)])
        except (cbor2.CBOREncodeError, ValueError):
            raise CannotCarryError from None

    def renew(self) -> None:
        """Claim again what it holds, and no more, as a bus does when it is back."""
        for of, place, holder in self.doubtful:
            if of != self.node or (place, holder) not in self.claims:
                self.air.cede(of, place, holder, is_others=of != self.node)
        self.doubtful.clear()
        for name, payload in list(self.wills.items()):
            if self.air.wills.get((self.node, name), payload):
                self.air.wills[self.node, name] = payload
            else:
                del self.wills[name]
        for will in list(self.air.wills):
            if will[0] == self.node and will[1] not in self.wills:
                del self.air.wills[will]
        for (place, holder), (rule, is_shared, rank, lost) in list(self.claims.items()):
            try:
                self.air.claim((self.node, holder, rule, rank), place, is_shared=is_shared)
            except TakenError:
                del self.claims[place, holder]
                self.inbox.append(lost)


def decode(payload: bytes) -> tuple[str, Notice]:
    """Who said what."""
    node, words = cbor2.loads(payload)
    notice = messages.read(words)
    assert notice is not None
    return node, notice


class Cluster:
    """Some nodes, each a `World` of its own; they share a clock.

    Args:
        size: how many there are.
        goes_on_alone: whether each goes on while it is cut off.
        settings: of each realm.
    """

    def __init__(self, size: int, *, goes_on_alone: bool = False, **settings: Any) -> None:
        self.clock = HandClock()
        self.air = Air()
        self.worlds: dict[str, World] = {}
        self.radios: dict[str, Radio] = {}
        self._alone = goes_on_alone
        self._settings = settings
        for number in range(size):
            self.start(f"node{number}")
        self.settle()

    def __getitem__(self, number: int) -> World:
        return self.worlds[f"node{number}"]

    def start(self, node: str) -> World:
        """Start a node."""
        radio = Radio(node, self.air, goes_on_alone=self._alone)
        world = World(self.clock, seed=node, network=radio, **self._settings)
        world.settle = self.settle
        self.worlds[node], self.radios[node] = world, radio
        self.air.radios[node] = radio
        self.air.known.add(node)
        self.tell_who_lives()
        return world

    def settle(self) -> None:
        """Let all happen that waits."""
        while any(radio.outbox or radio.inbox for radio in self.air.radios.values()):
            for radio in list(self.air.radios.values()):
                while radio.outbox:
                    radio.carry()
                while radio.inbox:
                    radio.take()

    def step(self, dice: random.Random) -> bool:
        """Let one thing happen that may; whether there was any."""
        moves = [radio.carry for radio in self.air.radios.values() if radio.outbox]
        moves += [radio.take for radio in self.air.radios.values() if radio.inbox]
        if moves:
            dice.choice(moves)()
        return bool(moves)

    def tell_who_lives(self) -> None:
        """As each node's next beat does."""
        alive = frozenset(self.air.known)
        for radio in self.air.radios.values():
            radio.inbox.append(lambda radio=radio: radio.changed(alive | {radio.node}))  # type: ignore[misc]
            radio.inbox.append(radio.look)

    def kill(self, node: str) -> None:
        """End a node without a word; the others do not know yet."""
        del self.air.radios[node]

    def bury(self, node: str) -> None:
        """Let the others know."""
        self.air.known.discard(node)
        self.tell_who_lives()

    def cut(self, node: str) -> None:
        """Cut a node off; what it had asked is not known to have happened."""
        radio = self.air.radios.pop(node)
        radio.is_away = True
        radio.changed(frozenset({node}))
        radio.inbox.clear()
        radio.outbox.clear()
        asked, radio.asked = radio.asked, []
        for answer in asked:
            answer.fail(WampError(TIMEOUT))

    def rejoin(self, node: str) -> None:
        """Let it be back."""
        radio = self.radios[node]
        radio.is_away = False
        self.air.radios[node] = radio
        self.air.known.add(node)
        radio.renew()
        self.tell_who_lives()

    def check(self) -> None:
        """No router was at fault."""
        for world in self.worlds.values():
            assert not world.faults, world.faults

    def check_empty(self) -> None:
        """Nothing is left of anyone."""
        self.check()
        for world in self.worlds.values():
            assert not world.realm.remote_sessions
            world.check_empty()
        assert not any(self.air.held.values())
