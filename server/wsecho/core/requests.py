# SPDX-License-Identifier: MIT
"""The head of an HTTP/1.x request, read strictly (RFC 9112 sections 2 to 5)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Self

from attrs import frozen

from wsecho.core.errors import BadRequest

END_OF_HEAD: Final = b"\r\n\r\n"

TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110 section 5.6.2."""

_REQUEST_LINE: Final = re.compile(
    rb"(?P<method>[!#$%&'*+.^_`|~0-9A-Za-z-]+) (?P<target>[!-~]+) HTTP/(?P<version>\d\.\d)"
)
_FIELD_LINE: Final = re.compile(
    # Tab, space and everything visible, obs-text too; no bare CR, LF or NUL (RFC 9110 5.5).
    rb"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>[\t\x20-\x7e\x80-\xff]*?)[ \t]*"
)


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

    @classmethod
    def parse(cls, head: bytes) -> Self:
        """Read a head, from the request line to the empty line.

        Raises:
            BadRequest: a line is not HTTP; the reason says which.
        """
        request_line, *field_lines = head.removesuffix(END_OF_HEAD).split(b"\r\n")
        match = _REQUEST_LINE.fullmatch(request_line)
        if match is None:
            raise BadRequest("the request line is not HTTP/1.1's")
        return cls(
            method=match["method"].decode("ascii"),
            target=match["target"].decode("ascii"),
            version=match["version"].decode("ascii"),
            headers=tuple(_parse_fields(field_lines)),
        )

    def all(self, name: str) -> Sequence[str]:
        """List the values of a header field, one for each line that named it."""
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str | None:
        """Return the value of a header field that may stand at most once, or None.

        Raises:
            BadRequest: it stands more than once.
        """
        values = self.all(name)
        if len(values) > 1:
            raise BadRequest(f"the header {name} stands {len(values)} times")
        return values[0] if values else None

    def tokens(self, name: str) -> list[str]:
        """List the members of a comma-separated header field, over all its lines."""
        return [
            token
            for value in self.all(name)
            for part in value.split(",")
            if (token := part.strip())
        ]


def _parse_fields(lines: Iterable[bytes]) -> Iterable[tuple[str, str]]:
    for number, line in enumerate(lines, start=1):
        match = _FIELD_LINE.fullmatch(line)
        if match is None:
            raise BadRequest(f"header line {number} is not `name: value`")
        yield match["name"].decode("ascii").lower(), match["value"].decode("latin-1")
