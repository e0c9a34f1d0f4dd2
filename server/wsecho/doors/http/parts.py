# SPDX-License-Identifier: MIT
"""A file's octets on their way into an answer: as many as were promised, or the connection ends."""

from collections.abc import Iterator, Sequence
from secrets import token_hex
from typing import Any, BinaryIO, Final

from attrs import frozen
from twisted.logger import Logger
from twisted.web.static import StaticProducer

from wsecho.core.http.ranges import Span

_BOUNDARY_BYTES: Final = 16


@frozen
class Part:
    """Some of a file.

    Attributes:
        span: which octets.
        before: what goes before them.
    """

    span: Span
    before: bytes = b""


@frozen
class Parts:
    """The content of an answer.

    Attributes:
        parts: one after the other.
        end: what follows the last one.
        boundary: what stands between them, empty where there is one that stands for itself.
    """

    parts: tuple[Part, ...]
    end: bytes = b""
    boundary: str = ""

    @classmethod
    def of(cls, spans: Sequence[Span], length: int, content_type: str) -> "Parts":
        """Put some spans together: as they are where it is one, else as RFC 9110 section 14.6.

        Args:
            spans: what is sent.
            length: octets of the whole file.
            content_type: the file's.
        """
        if len(spans) <= 1:
            return cls(tuple(Part(span) for span in spans))
        boundary = token_hex(_BOUNDARY_BYTES)

        def head(span: Span, before: str) -> bytes:
            return (
                f"{before}--{boundary}\r\nContent-Type: {content_type}\r\n"
                f"Content-Range: {span.content_range(length)}\r\n\r\n"
            ).encode("latin-1")

        parts = (Part(span, head(span, "\r\n" if n else "")) for n, span in enumerate(spans))
        return cls(tuple(parts), f"\r\n--{boundary}--\r\n".encode(), boundary)

    def __len__(self) -> int:
        return sum(len(part.before) + len(part.span) for part in self.parts) + len(self.end)


class Sending(StaticProducer):
    """Sends the parts of a file, and closes it.

    A file that ends before what was promised of it was sent ends the connection: the client is
    not left to wait for the rest.

    Args:
        request: whose answer it is; its head is complete.
        file: the file, open.
        parts: what to send of it.
    """

    _log = Logger()
    request: Any
    fileObject: BinaryIO

    def __init__(self, request: Any, file: BinaryIO, parts: Parts) -> None:
        super().__init__(request, file)
        self._pieces = self._read(parts)

    def start(self) -> None:
        """Send, as fast as the client takes it."""
        # Not every transport tells a producer that its client has gone away.
        self.request.notifyFinish().addErrback(lambda _: self.stopProducing())
        self.request.registerProducer(self, False)

    def resumeProducing(self) -> None:
        """Send a piece."""
        if not self.request:
            return
        request = self.request
        try:
            piece = next(self._pieces, b"")
        except OSError as error:
            why = f"a file cannot be read: {error.strerror}"
        except _ShortError:
            why = "a file has become shorter while it was sent"
        else:
            if piece:
                request.write(piece)
            else:
                request.unregisterProducer()
                request.finish()
                self.stopProducing()
            return
        self._log.warn("the connection ends: {why}", why=why)
        request.unregisterProducer()
        self.stopProducing()
        request.loseConnection()

    def _read(self, parts: Parts) -> Iterator[bytes]:
        """Read piece by piece; small ones are put together.

        Raises:
            OSError: it cannot be read.
            _ShortError: there is less than there was.
        """
        piece = b""
        for part in parts.parts:
            piece += part.before
            self.fileObject.seek(part.span.start)
            left = len(part.span)
            while left:
                octets = self.fileObject.read(min(left, self.bufferSize))
                if not octets:
                    raise _ShortError
                left -= len(octets)
                piece += octets
                if len(piece) >= self.bufferSize:
                    yield piece
                    piece = b""
        if piece := piece + parts.end:
            yield piece


class _ShortError(Exception):
    """A file is shorter than it was."""
