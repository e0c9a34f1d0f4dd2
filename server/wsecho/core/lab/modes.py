# SPDX-License-Identifier: MIT
"""The modes in force, and what they make of a message: which frames, how often, in which order."""

from collections.abc import Callable, Iterator
from typing import Final

from attrs import define, field

from wsecho.core.lab.chain import Step
from wsecho.core.lab.outflow import PAUSE, OctetPace, OutEntry
from wsecho.core.lab.rules import Message
from wsecho.core.websocket.compression import Codec
from wsecho.core.websocket.frames import FIN, RSV1, Opcode, encode_head

Chance = Callable[[], float]
"""Draws a number from 0 to 1."""

LONELY: Final = 1.0
"""Seconds that a message waits for another one to change places with."""


@define(eq=False)
class Modes:
    """What holds from some step on.

    Args:
        chance: draws numbers.
        seeded: makes what draws the same numbers each time.
    """

    chance: Chance
    _seeded: Callable[[int], Chance]
    latency: float = 0.0
    jitter: float = 0.0
    rate: int = 0
    fragment: int = 0
    split: int = 0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: bool = False
    ping_every: float | None = None
    no_pong: bool = False
    no_close: bool = False
    keep_tcp: bool = False
    stall: bool = False
    compress: bool = True
    json: bool = False
    _held: Message | None = field(default=None, init=False)
    held_since: float = field(default=0.0, init=False)

    def apply(self, step: Step) -> None:
        """Have a mode hold from now on."""
        match step.name:
            case "seed":
                self.chance = self._seeded(step.value)
            case "compress":
                self.compress = False
            case name:
                value = True if step.value is None else step.value
                setattr(self, name.replace("-", "_"), value)

    @property
    def pace(self) -> OctetPace:
        """How octets go."""
        return OctetPace(self.split, PAUSE if self.split else 0.0, self.rate)

    @property
    def delay(self) -> float:
        """How late the next frame goes."""
        return self.latency + (self.jitter * self.chance() if self.jitter else 0.0)

    def order(self, message: Message, now: float) -> Iterator[Message]:
        """Yield what is sent now, of messages that may be lost, doubled and change places."""
        if self.loss and self.chance() < self.loss:
            return
        twice = bool(self.duplicate) and self.chance() < self.duplicate
        for one in (message, message) if twice else (message,):
            if not self.reorder:
                yield from self.release()
                yield one
            elif self._held is None:
                self._held, self.held_since = one, now
            else:
                held, self._held = self._held, None
                yield one
                yield held

    @property
    def lonely_at(self) -> float | None:
        """When a message goes alone that waits to change places; None for never."""
        return None if self._held is None else self.held_since + LONELY

    def release(self) -> Iterator[Message]:
        """Yield what waits to change places."""
        if self._held is not None:
            held, self._held = self._held, None
            yield held

    def frames(self, message: Message, codec: Codec | None) -> Iterator[bytes]:
        """Write a message in frames."""
        payload, is_binary = message
        first: int = Opcode.BINARY if is_binary else Opcode.TEXT
        if codec is not None and self.compress:
            payload = codec.deflate(payload)
            first |= RSV1
        yield from in_fragments(first, payload, self.fragment)

    def filled(self, size: int, *, is_binary: bool) -> Iterator[OutEntry]:
        """Write a message of a pattern, uncompressed, in frames that are made as they go."""
        first: int = Opcode.BINARY if is_binary else Opcode.TEXT
        step = self.fragment or size
        for begin in range(0, max(size, 1), step or 1):
            length = min(step, size - begin)
            last = FIN if begin + length >= size else 0
            yield OutEntry(encode_head(first | last, length), filling=length, origin=begin)
            first = Opcode.CONTINUATION


def in_fragments(first: int, payload: bytes, size: int) -> Iterator[bytes]:
    """Write a message in frames (RFC 6455 section 5.4).

    Args:
        first: the first octet of the first frame, without FIN.
        payload: the message's.
        size: octets of each fragment but the last; 0 for one frame.
    """
    step = size or len(payload) or 1
    for begin in range(0, max(len(payload), 1), step):
        piece = payload[begin : begin + step]
        last = FIN if begin + len(piece) >= len(payload) else 0
        yield encode_head(first | last, len(piece)) + piece
        first = Opcode.CONTINUATION
