# SPDX-License-Identifier: MIT
"""Who may use the lab, and how a connection of it begins."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Final

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

from wsecho.access.presented import TOKEN_SUBPROTOCOL
from wsecho.access.proxies import Sender
from wsecho.config.config import Config
from wsecho.core.http.handshake import Upgrade, split_target
from wsecho.core.http.requests import RequestHead
from wsecho.core.lab.answer import LabAnswer, write_chain_refusal, write_lab_answer
from wsecho.core.lab.chain import Chain, is_lab, read_chain, read_report_id
from wsecho.core.lab.record import Record, Reports
from wsecho.core.lab.session import LabSession, Plan
from wsecho.core.lab.values import Bounds
from wsecho.core.lab.verdict import verdict_on
from wsecho.core.lab.watching import Wrong, amiss_in_request
from wsecho.core.limits.admissions import counted_as
from wsecho.core.websocket.deflate import choose
from wsecho.core.wire.errors import BadRequest, Forbidden, NotFound, WireError
from wsecho.doors.lab.connection import LabConnection
from wsecho.doors.lab.masking import masked_head, write_head_step
from wsecho.lane.octets import apply_mask
from wsecho.server.state import ServerState

REMEMBERED: Final = 600.0
"""Seconds for which it counts how often somebody was refused by `refuse=N`."""

_OF_A_HOST: Final = frozenset({"set-cookie", "clear-site-data", "strict-transport-security"})
"""Headers by which a browser takes note of something for all ports of a host."""

_MAX_REMEMBERED: Final = 10_000


def first_but_token(upgrade: Upgrade) -> str | None:
    """Choose the subprotocol where any will do: the client's first."""
    for name in upgrade.subprotocols:
        if not name.startswith(TOKEN_SUBPROTOCOL):
            return name
    return None


def _check_cookies(chain: Chain, head: RequestHead) -> None:
    """Keep pages, which may be anybody's, from setting cookies: they are a host's, not a port's.

    Raises:
        Forbidden: it would be one.
    """
    names = {name.lower() for name, _ in chain.all("header")}
    if names & _OF_A_HOST and head.all("origin"):
        raise Forbidden(
            "a page may not have the lab set cookies: they count for each port of a host"
        )


@define(eq=False)
class ChainRefusals:
    """Counts how often each client was refused by each chain."""

    _counts: OrderedDict[bytes, tuple[float, int]] = field(factory=OrderedDict)

    def refuse(self, who: str, chain: str, number: int, now: float) -> bool:
        """Tell whether somebody is refused, being one of the first.

        Args:
            who: whom it is counted for.
            chain: what is asked for.
            number: how many are refused.
            now: the time.
        """
        self._forget(now)
        # Chains are long, and there are many.
        key = sha256(f"{who}/{chain}".encode()).digest()
        since, count = self._counts.get(key, (now, 0))
        if count >= number:
            return False
        self._counts[key] = since, count + 1
        return True

    def _forget(self, now: float) -> None:
        while self._counts:
            key, (since, _) = next(iter(self._counts.items()))
            if now - since < REMEMBERED and len(self._counts) <= _MAX_REMEMBERED:
                break
            del self._counts[key]


@define(eq=False)
class Lab:
    """The lab of one server.

    Args:
        config: the options in force.
        state: what all doors share.
        clock: the time.
        is_on_loopback: whether nothing else than loopback is listened on.
    """

    _config: Config
    _state: ServerState
    clock: IReactorTime
    _is_on_loopback: Callable[[], bool]
    reports: Reports = field(factory=Reports, init=False)
    _refusals: ChainRefusals = field(factory=ChainRefusals, init=False)

    @property
    def is_open(self) -> bool:
        """Whether anybody may use it: faults can hurt clients, and reports live in one process."""
        config = self._config
        if config.lab or not config.lab_by_default:
            return config.lab
        is_exposed = bool(config.proxy or config.token_key or config.workers > 1)
        return not is_exposed and self._is_on_loopback()

    @property
    def bounds(self) -> Bounds:
        """How much a connection may ask for."""
        return Bounds(self._config.max_message_size, self._config.lab_time)

    def check(self) -> None:
        """Let somebody use it.

        Raises:
            NotFound: it is not open.
        """
        if not self.is_open:
            raise NotFound("the lab is not open on this server: its option --lab opens it")

    def note_refused(self, head: RequestHead, error: WireError, *, is_wrong: bool = True) -> None:
        """Note a request in its report that no WebSocket is opened for.

        Args:
            head: the request.
            error: why.
            is_wrong: whether no client may send such a one.
        """
        try:
            path, query = split_target(head.target)
            name = read_report_id(query)
        except BadRequest:
            return
        if name is None or not is_lab(path) or not self.is_open:
            return
        record = self._record(name, path.removeprefix("/lab").removeprefix("/"), head)
        if record is not None:
            now = self.clock.seconds()
            record.status = error.status
            record.note([Wrong(error.reason, "6455 4.1")] if is_wrong else [], now)
            record.end_refused(now)

    def connect(self, upgrade: Upgrade, sender: Sender) -> LabConnection:
        """Begin a connection.

        Raises:
            NotFound: the lab is not open.
            BadRequest: a step is wrong.
            Forbidden: a page asks for what would touch other servers of this host.
        """
        self.check()
        try:
            return self._connect(upgrade, sender)
        except WireError as error:
            # Somebody asks for what there is not, or does not offer what a chain needs.
            self.note_refused(upgrade.head, error, is_wrong=False)
            raise

    def _connect(self, upgrade: Upgrade, sender: Sender) -> LabConnection:
        chain = read_chain(upgrade.path, self.bounds)
        _check_cookies(chain, upgrade.head)
        name = read_report_id(upgrade.query)
        now = self.clock.seconds()
        answer, is_refused = self._answer(chain, upgrade, name, sender, now)
        verdict = verdict_on(chain, upgrade, is_refused=is_refused)
        record = None if name is None else self._record(name, chain.text, upgrade.head)
        if record is not None:
            record.verdict = verdict
            record.handshake_key = upgrade.key
            record.note(amiss_in_request(upgrade.head), now)

        def begin(is_secure: bool) -> LabSession:  # noqa: FBT001
            plan = self._plan(chain, answer, upgrade, sender, is_secure=is_secure)
            return LabSession(plan, now, verdict, record)

        return LabConnection(begin, self.clock, self._state.stats, sender.address)

    def _answer(
        self, chain: Chain, upgrade: Upgrade, name: str | None, sender: Sender, now: float
    ) -> tuple[LabAnswer, bool]:
        offer = choose(upgrade.extensions) if self._config.compression else None
        answer = write_lab_answer(chain, upgrade, offer, first_but_token(upgrade))
        number = chain.of("refuse", 0)
        who = counted_as(sender.address) or "" if name is None else name
        if number and self._refusals.refuse(who, chain.text, number, now):
            return write_chain_refusal(chain), True
        return answer, False

    def _plan(
        self, chain: Chain, answer: LabAnswer, upgrade: Upgrade, sender: Sender, *, is_secure: bool
    ) -> Plan:
        extensions = "" if answer.agreement is None else str(answer.agreement)
        head = write_head_step(
            *(upgrade.head, sender.address, extensions, answer.subprotocol),
            is_secure=is_secure or sender.is_secure,
        )
        # Chance is for tests' sake, and nobody gains by guessing it.
        chance = Random().random  # noqa: S311
        seeded = lambda seed: Random(seed).random  # noqa: E731, S311
        rates = self._config.rates
        return Plan(chain, answer, self.bounds, head, chance, seeded, apply_mask, rates)

    def _record(self, name: str, chain: str, head: RequestHead) -> Record | None:
        now, wall = self.clock.seconds(), self._state.wall.now()
        return self.reports.open(name, chain, masked_head(head), now, wall)
