# SPDX-License-Identifier: MIT
"""The head of an HTTP/1.x request, read strictly (RFC 9112 sections 2 to 5)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Self

from attrs import field, frozen

from wsecho.core.errors import BadRequest
from wsecho.core.quoted import split

END_OF_HEAD: Final = b"\r\n\r\n"

TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110 section 5.6.2."""

_REQUEST_LINE: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/(\d\.\d)", re.ASCII)
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
        version: `1.0` or `1.1` (or what the peer claims).
        headers: pairs of lower-case name and value, in the order received.
    """

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]
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
        """
        text = head.removesuffix(END_OF_HEAD).decode("latin-1") + "\r\n"
        request_line, _, fields = text.partition("\r\n")
        match = _REQUEST_LINE.fullmatch(request_line)
        if match is None:
            raise BadRequest("the request line is not HTTP/1.1's")
        method, target, version = match.groups()
        return cls(method, target, version, _parse_fields(fields))

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
        # Lines of one name are one list (RFC 9110 section 5.3), quotes and all.
        return [part for part in split(", ".join(self._values.get(name, ())), ",") if part]

    def words(self, name: str) -> list[str]:
        """List the members of a comma-separated field whose case does not matter, in lower case."""
        return [token.lower() for token in self.tokens(name)]


def _parse_fields(lines: str) -> tuple[tuple[str, str], ...]:
    if _FIELD_LINES.fullmatch(lines) is None:
        bad = (n for n, line in enumerate(lines.split("\r\n"), start=1) if not _is_field(line))
        raise BadRequest(f"header line {next(bad)} is not `name: value`")
    return tuple([(name.lower(), value.strip(" \t")) for name, value in _FIELD_LINE.findall(lines)])


def _is_field(line: str) -> bool:
    return _FIELD_LINE.fullmatch(line + "\r\n") is not None
