# SPDX-License-Identifier: MIT
"""An answer in JSON that is written as its reader takes it: reports have tens of megabytes."""

import json
from collections.abc import Iterator
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

PIECE: Final = 1 << 16
"""Characters that are written in one turn, about."""


def json_pieces(value: Any) -> Iterator[bytes]:
    """Yield a value as JSON, with a line feed behind it, each piece made as it is asked for."""
    parts: list[str] = []
    size = 0
    for part in json.JSONEncoder(ensure_ascii=False).iterencode(value):
        parts.append(part)
        size += len(part)
        if size >= PIECE:
            yield "".join(parts).encode()
            parts, size = [], 0
    yield ("".join(parts) + "\n").encode()


@implementer(IPushProducer)
class PieceSending:
    """Sends pieces, one in a turn, while their reader takes them.

    Args:
        request: whose answer they are.
        pieces: what is sent.
        clock: has the turns.
    """

    def __init__(self, request: Any, pieces: Iterator[bytes], clock: IReactorTime) -> None:
        self._request = request
        self._pieces = pieces
        self._clock = clock
        self._is_paused = self._is_over = False
        self._turn: IDelayedCall | None = None

    def start(self) -> None:
        """Begin, and go on until all is sent, or the client is gone."""
        self._request.notifyFinish().addErrback(lambda _: self.stopProducing())
        self._request.registerProducer(self, True)
        self.resumeProducing()

    def resumeProducing(self) -> None:
        """There is room."""
        self._is_paused = False
        if self._turn is None and not self._is_over:
            self._turn = self._clock.callLater(0, self._send)

    def pauseProducing(self) -> None:
        """There is none."""
        self._is_paused = True

    def stopProducing(self) -> None:
        """The client is gone."""
        self._is_over = True
        self._pieces = iter(())

    def _send(self) -> None:
        self._turn = None
        if self._is_paused or self._is_over:
            return
        piece = next(self._pieces, None)
        if piece is None:
            self._is_over = True
            self._request.unregisterProducer()
            self._request.finish()
            return
        self._request.write(piece)
        if not self._is_paused:
            self.resumeProducing()
