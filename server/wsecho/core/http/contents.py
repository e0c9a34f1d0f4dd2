# SPDX-License-Identifier: MIT
"""A request's body as it comes: of a length that is known, or in chunks (RFC 9112 section 7.1)."""

import re
from enum import Enum, auto
from typing import Final, Protocol

from attrs import define, field

from wsecho.core.http.requests import MAX_HEAD, TOKEN, check_field
from wsecho.core.wire.errors import BadRequest, HeadersTooLarge, TooLarge

MAX_LINE: Final = 1_024
"""Octets of the line before a chunk, its end included."""

MAX_EXTENSIONS: Final = 16_384
"""Octets of all chunks' extensions together, which nobody here reads."""

_SIZE: Final = re.compile(rb"0*([0-9A-Fa-f]*)")
_QUOTED: Final = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_EXTENSIONS: Final = re.compile(
    rf"(?:[ \t]*;[ \t]*{TOKEN.pattern}(?:[ \t]*=[ \t]*(?:{TOKEN.pattern}|{_QUOTED}))?)*"
)


class Content(Protocol):
    """A body that is read.

    Attributes:
        rest: what came behind its end.
    """

    rest: bytes

    @property
    def is_whole(self) -> bool:
        """Whether all of it has come."""

    def receive(self, octets: bytes) -> bytes:
        """Read what came; return what it holds of the body.

        Raises:
            BadRequest: it is malformed.
            TooLarge: it is, or says that it will be, larger than allowed.
            HeadersTooLarge: what stands behind it is.
        """


@define
class Measured:
    """A body whose length is known.

    Args:
        length: its octets, above 0.
    """

    _missing: int
    rest: bytes = field(default=b"", init=False)

    @property
    def is_whole(self) -> bool:
        """Whether all of it has come."""
        return not self._missing

    def receive(self, octets: bytes) -> bytes:
        """Read what came."""
        taken = octets[: self._missing]
        self._missing -= len(taken)
        self.rest = octets[len(taken) :]
        return taken


class _Next(Enum):
    """What is to come next."""

    SIZE = auto()
    DATA = auto()
    END_OF_DATA = auto()
    TRAILER = auto()
    NOTHING = auto()


@define
class Chunked:
    """A body in chunks. Extensions are let pass, and trailers dropped, once they are well-formed.

    Args:
        most: octets that all chunks may have together.
    """

    _most: int
    rest: bytes = field(default=b"", init=False)
    _next: _Next = field(default=_Next.SIZE, init=False)
    _held: bytes = field(default=b"", init=False)
    _missing: int = field(default=0, init=False)
    _extensions: int = field(default=0, init=False)
    _trailers: int = field(default=0, init=False)

    @property
    def is_whole(self) -> bool:
        """Whether the last chunk has come, and what stands behind it."""
        return self._next is _Next.NOTHING

    def receive(self, octets: bytes) -> bytes:
        """Read what came."""
        data, at = self._held + octets, 0
        pieces = []
        while self._next is not _Next.NOTHING:
            if self._next is _Next.DATA:
                piece = data[at : at + self._missing]
                pieces.append(piece)
                at += self._took(len(piece))
                if self._missing:
                    break
            else:
                end = self._line(data, at)
                if end is None:
                    break
                at = end
        self._held, self.rest = (b"", data[at:]) if self.is_whole else (data[at:], b"")
        return b"".join(pieces)

    def _took(self, octets: int) -> int:
        self._missing -= octets
        if not self._missing:
            self._next = _Next.END_OF_DATA
        return octets

    def _line(self, data: bytes, at: int) -> int | None:
        """Read a line; return where the next one begins, None while its end is missing."""
        bound = self._bound()
        line = data[at : at + bound]
        if self._next is _Next.SIZE:
            self._check_size(line)
        elif self._next is _Next.END_OF_DATA and not b"\r\n".startswith(line):
            raise BadRequest("a chunk is longer than its size says")
        end = line.find(b"\n")
        back = line.find(b"\r", 0, end if end >= 0 else bound)
        if back >= 0 and line[back + 1 : back + 2] not in b"\n":
            raise BadRequest("a line of the chunked body has a carriage return within")
        if end < 0:
            self._check_bound(len(line), bound)
            return None
        if back < 0:
            raise BadRequest("a line of the chunked body ends without a carriage return")
        self._read(line[:back])
        return at + end + 1

    def _bound(self) -> int:
        """Return how long the next line may be, its end included."""
        if self._next is _Next.SIZE:
            return MAX_LINE
        return MAX_HEAD - self._trailers if self._next is _Next.TRAILER else 2

    def _check_bound(self, length: int, bound: int) -> None:
        if length < bound:
            return
        if self._next is _Next.TRAILER:
            raise HeadersTooLarge(f"the body's trailers are over {MAX_HEAD} bytes")
        raise BadRequest(f"the line before a chunk is over {bound} bytes")

    def _read(self, line: bytes) -> None:
        if self._next is _Next.END_OF_DATA:
            self._next = _Next.SIZE
        elif self._next is _Next.SIZE:
            self._read_size(line)
        elif line:
            check_field(line.decode("latin-1"))
            self._trailers += len(line) + 2
        else:
            self._next = _Next.NOTHING

    def _check_size(self, line: bytes) -> None:
        """Check what of a line has come: nobody waits for the end of a bad one."""
        match = _SIZE.match(line)
        assert match is not None  # noqa: S101  # it matches nothing, too
        digits = match[1]
        # No more than 16 digits are made a number of; more are larger than anything.
        if len(digits) > 16 or int(digits or b"0", 16) > self._most:  # noqa: PLR2004
            raise TooLarge("a chunk makes the body larger than allowed")
        if line and (not match[0] or line[match.end() : match.end() + 1] not in b" \t;\r\n"):
            raise BadRequest("a chunk's size is no hexadecimal number")

    def _read_size(self, line: bytes) -> None:
        match = _SIZE.match(line)
        assert match is not None  # noqa: S101  # as above
        extensions = line[match.end() :]
        if not match[0] or _EXTENSIONS.fullmatch(extensions.decode("latin-1")) is None:
            raise BadRequest("the line before a chunk is malformed")
        self._extensions += len(extensions)
        if self._extensions > MAX_EXTENSIONS:
            raise BadRequest(f"the chunks have over {MAX_EXTENSIONS} bytes of extensions")
        self._missing = int(match[0], 16)
        self._most -= self._missing
        self._next = _Next.DATA if self._missing else _Next.TRAILER
