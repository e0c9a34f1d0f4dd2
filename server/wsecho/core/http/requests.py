# SPDX-License-Identifier: MIT
"""The head of an HTTP/1.x request, read strictly (RFC 9112 sections 2 to 5)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Self

from attrs import field, frozen

from wsecho.core.wire.errors import (
    BadRequest,
    HeadersTooLarge,
    OtherVersion,
    TargetTooLong,
    WireError,
)
from wsecho.core.wire.quoted import split

END_OF_HEAD: Final = b"\r\n\r\n"

MAX_HEAD: Final = 16_384
"""Bytes of a request's head."""

TCHAR: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
"""A character of a token."""

TOKEN: Final = re.compile(f"{TCHAR}+")
"""A token of RFC 9110 section 5.6.2."""

_REQUEST_LINE: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/(\d\.\d)", re.ASCII)
_EMPTY_LINE: Final = b"\r\n"
_STRAY: Final = re.compile(rb"(?<!\r)\n|\r(?=[^\n])")
# The value: tab, space and everything visible, obs-text too; no bare CR, LF or NUL (RFC 9110
# section 5.5).
_FIELD_LINE: Final = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)\r\n", re.ASCII
)
_FIELD_LINES: Final = re.compile(rf"(?:{_FIELD_LINE.pattern})*")


@frozen
class RequestHead:
    """A request line and its header fields.

    Attributes:
        method: case-sensitive, such as `GET`.
        target: the request target as sent, percent-encoding and query included.
        version: `1.0` or `1.1` (or a later minor one, which means as much).
        headers: pairs of lower-case name and value, in the order received.
        octets: all of it as it came; empty where it was not read.
    """

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]
    octets: bytes = field(default=b"", eq=False, repr=False)
    _values: Mapping[str, list[str]] = field(init=False, eq=False, repr=False)

    @_values.default
    def _by_name(self) -> Mapping[str, list[str]]:
        # A dozen fields are asked for in each handshake.
        values: dict[str, list[str]] = {}
        for name, value in self.headers:
            values.setdefault(name, []).append(value)
        return values

    @classmethod
    def parse(cls, head: bytes) -> Self:
        """Read a head, from the request line to the empty line.

        Raises:
            BadRequest: a line is not HTTP; the reason says which.
            OtherVersion: it is, but not HTTP/1.
        """
        text = head.removesuffix(END_OF_HEAD).decode("latin-1") + "\r\n"
        request_line, _, fields = text.partition("\r\n")
        try:
            method, target, version = _parse_request_line(request_line)
            return cls(method, target, version, _parse_fields(fields), head)
        except WireError:
            # Told as by who reads octet by octet.
            _check_lines(head, len(head))
            raise

    @property
    def is_of_http_1_0(self) -> bool:
        """Whether the client knows neither chunks nor expectations."""
        return self.version == "1.0"

    def as_written(self) -> list[tuple[str, str]]:
        """List the header fields with their names as the client wrote them."""
        lines = self.octets.removesuffix(END_OF_HEAD).decode("latin-1") + "\r\n"
        fields = lines.partition("\r\n")[2]
        return [(name, value.strip(" \t")) for name, value in _FIELD_LINE.findall(fields)]

    def all(self, name: str) -> Sequence[str]:
        """List the values of a header field, one for each line that named it."""
        return self._values.get(name, ())

    def one(self, name: str) -> str | None:
        """Return the value of a header field that may stand at most once, or None.

        Raises:
            BadRequest: it stands more than once.
        """
        values = self._values.get(name)
        if values is None:
            return None
        if len(values) > 1:
            raise BadRequest(f"the header {name} stands {len(values)} times")
        return values[0]

    def tokens(self, name: str) -> list[str]:
        """List the members of a comma-separated header field, over all its lines."""
        return [
            token
            for value in self._values.get(name, ())
            for part in value.split(",")
            if (token := part.strip())
        ]

    def members(self, name: str) -> list[str]:
        """List the members of a comma-separated field that may have quoted strings in them."""
        values = self._values.get(name)
        if values is None:
            return []
        # Lines of one name are one list (RFC 9110 section 5.3), quotes and all.
        return [part for part in split(", ".join(values), ",") if part]

    def words(self, name: str) -> list[str]:
        """List the members of a comma-separated field whose case does not matter, in lower case."""
        return [token.lower() for token in self.tokens(name)]


def skip_empty_lines(octets: bytes) -> bytes:
    """Leave out the empty lines that may stand before a request (RFC 9112 section 2.2)."""
    while octets.startswith(_EMPTY_LINE):
        octets = octets.removeprefix(_EMPTY_LINE)
    return octets


def find_end(octets: bytes) -> int | None:
    """Find where a head ends; what can be no head is known by its first octet at fault.

    Args:
        octets: what came so far, from the request line on.

    Returns:
        the octets of the head, its empty line included; None while more of it must come.

    Raises:
        BadRequest: this is no head of HTTP, or a line of it ends without a carriage return.
        OtherVersion: it is one of another HTTP.
        TargetTooLong: its request line is over `MAX_HEAD` (RFC 9112 section 3).
        HeadersTooLarge: all of it is.
    """
    if octets and not octets[:1].isalpha() and octets != b"\r":
        raise BadRequest("this is not HTTP")
    end = octets.find(END_OF_HEAD, 0, MAX_HEAD)
    if end >= 0:
        # Its lines are checked when they are parsed.
        return end + len(END_OF_HEAD)
    _check_lines(octets, min(len(octets), MAX_HEAD))
    if len(octets) > MAX_HEAD:
        if _EMPTY_LINE not in octets[:MAX_HEAD]:
            raise TargetTooLong(f"the request line is over {MAX_HEAD} bytes")
        raise HeadersTooLarge(f"the request's head is over {MAX_HEAD} bytes")
    return None


def check_field(line: str) -> None:
    """Check a field line that stands by itself, such as a trailer.

    Raises:
        BadRequest: it is none.
    """
    if not _is_field(line):
        raise BadRequest("a trailer is not `name: value`")


def _check_lines(octets: bytes, upto: int) -> None:
    """Check the request line as soon as it is whole, and how every line ends."""
    line_end, stray = octets.find(_EMPTY_LINE, 0, upto), _find_stray(octets, upto)
    if line_end >= 0 and (stray is None or line_end < stray):
        _parse_request_line(octets[:line_end].decode("latin-1"))
    if stray is not None:
        raise BadRequest("a line of the request's head does not end with CR and LF")


def _find_stray(octets: bytes, upto: int) -> int | None:
    """Find the first CR or LF that stands by itself; what follows the last octet is not known."""
    ends = octets.count(_EMPTY_LINE, 0, upto)
    returns = octets.count(b"\r", 0, upto) - octets.endswith(b"\r", 0, upto)
    # Counting is quick, and mostly all there is to do.
    if octets.count(b"\n", 0, upto) == ends == returns:
        return None
    match = _STRAY.search(octets, 0, upto)
    return None if match is None else match.start()


def _parse_request_line(line: str) -> tuple[str, str, str]:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadRequest("the request line is not HTTP/1.1's")
    method, target, version = match.groups()
    if not version.startswith("1."):
        raise OtherVersion("this server speaks HTTP/1.1")
    return method, target, version


def _parse_fields(lines: str) -> tuple[tuple[str, str], ...]:
    if _FIELD_LINES.fullmatch(lines) is None:
        bad = (n for n, line in enumerate(lines.split("\r\n"), start=1) if not _is_field(line))
        raise BadRequest(f"header line {next(bad)} is not `name: value`")
    return tuple([(name.lower(), value.strip(" \t")) for name, value in _FIELD_LINE.findall(lines)])


def _is_field(line: str) -> bool:
    return _FIELD_LINE.fullmatch(line + "\r\n") is not None
