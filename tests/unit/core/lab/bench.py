# SPDX-License-Identifier: MIT
"""A connection of the lab without a connection: a path, a clock that is set, octets in and out."""

from collections.abc import Iterator
from itertools import count
from random import Random

from attrs import define, field

from tests.support.frames import Frame, whole
from wsecho.core.http.handshake import Upgrade, examine
from wsecho.core.http.requests import RequestHead
from wsecho.core.lab.answer import write_chain_refusal, write_lab_answer
from wsecho.core.lab.chain import Chain, read_chain
from wsecho.core.lab.record import Record, RecordedHead
from wsecho.core.lab.session import LabSession, Plan
from wsecho.core.lab.values import Bounds
from wsecho.core.lab.verdict import ClientVerdict, verdict_on
from wsecho.core.limits.rates import Rates
from wsecho.core.websocket.deflate import choose
from wsecho.lane.octets import apply_mask

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""Of RFC 6455 section 1.3."""

BOUNDS = Bounds(1 << 16, 60.0)
DEFLATE = "permessage-deflate; client_max_window_bits"


def upgrade_to(path: str, **headers: str) -> Upgrade:
    """A good request for a path."""
    fields = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return examine(RequestHead.parse("\r\n".join([*lines, "", ""]).encode("latin-1")))


def chain_of(text: str, bounds: Bounds = BOUNDS) -> Chain:
    """The chain of a path below the lab's."""
    return read_chain(f"/lab/{text}" if text else "/lab", bounds)


def record_of(chain: str, begun: float = 0.0) -> Record:
    """A record that nobody keeps."""
    return Record(chain, 0, begun, RecordedHead("/", ()), lambda _: None)


@define
class Bench:
    """One connection.

    Attributes:
        sent: when, and what: one entry for what is given out at once.
    """

    text: str
    offers: str = DEFLATE
    subprotocols: str = ""
    bounds: Bounds = BOUNDS
    is_refused: bool = False
    begins: bool = True
    rates: Rates = field(factory=Rates)
    now: float = 1000.0
    sent: list[tuple[float, bytes]] = field(factory=list, init=False)
    session: LabSession = field(init=False)
    record: Record = field(init=False)
    verdict: ClientVerdict | None = field(init=False)
    is_full: bool = field(default=False, init=False)
    _keys: Iterator[int] = field(factory=lambda: count(1), init=False)

    def __attrs_post_init__(self) -> None:
        headers = {}
        if self.offers:
            headers["Sec_WebSocket_Extensions"] = self.offers
        if self.subprotocols:
            headers["Sec_WebSocket_Protocol"] = self.subprotocols
        upgrade = upgrade_to(f"/lab/{self.text}" if self.text else "/lab", **headers)
        chain = read_chain(upgrade.path, self.bounds)
        first = next(iter(upgrade.subprotocols), None)
        answer = write_lab_answer(chain, upgrade, choose(upgrade.extensions), first)
        if self.is_refused:
            answer = write_chain_refusal(chain)
        self.verdict = verdict_on(chain, upgrade, is_refused=self.is_refused)
        self.record = record_of(self.text, self.now)
        self.record.verdict = self.verdict
        plan = Plan(
            *(chain, answer, self.bounds, b"the head", Random(1).random),
            lambda seed: Random(seed).random,
            apply_mask,
            self.rates,
        )
        self.session = LabSession(plan, self.now, self.verdict, self.record)
        if self.begins:
            self.pass_time(0.0)

    def pass_time(self, seconds: float) -> "Bench":
        """Let time pass, and do all that is due in it."""
        end = self.now + seconds
        for _ in range(200_000):
            self.session.wake(self.now)
            self.flush()
            moment = self.session.next_time
            if moment > end or self.session.is_over:
                break
            self.now = max(self.now, moment)
        else:
            raise AssertionError("it goes round in a circle")
        self.now = max(self.now, end)
        return self

    def flush(self) -> None:
        """Take what is given out now."""
        while not self.is_full and (data := self.session.data_to_send(self.now)):
            self.sent.append((round(self.now - 1000.0, 4), data))

    def receive(self, data: bytes) -> "Bench":
        """Have octets come."""
        self.session.receive(data, self.now)
        self.flush()
        return self

    def frame(self, first: int, payload: bytes = b"") -> "Bench":
        """Have a frame come, with a key of its own."""
        key = next(self._keys).to_bytes(4)
        return self.receive(Frame(first, payload, key, 0).write())

    def text_comes(self, text: str) -> "Bench":
        """Have a text come."""
        return self.frame(0x81, text.encode())

    @property
    def octets(self) -> bytes:
        """All that was sent."""
        return b"".join(data for _, data in self.sent)

    @property
    def frames(self) -> bytes:
        """What was sent behind the answer."""
        return self.octets.partition(b"\r\n\r\n")[2]

    def did(self) -> tuple[str | None, bool | None]:
        """What the client did, and whether that is right."""
        assert self.verdict is not None
        return self.verdict.did, self.verdict.passed


def server_frame(first: int, payload: bytes = b"") -> bytes:
    """A frame as a server writes it."""
    return Frame(first, payload, None, 0).write()


__all__ = ["Bench", "chain_of", "server_frame", "upgrade_to", "whole"]
