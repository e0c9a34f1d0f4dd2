# SPDX-License-Identifier: MIT
"""What came back, octet by octet, and the head of the answer in it."""

import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_BEGIN = b"HTTP/1."
_END = b"\r\n\r\n"
SWITCHING = 101
_FINAL = 200
_STATUS = re.compile(r"HTTP/(\d\.\d) (\d{3})( [^\r\n]*)?")
_ANY_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
_FIELD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*")


def accept_of(key: str) -> str:
    """Give the value that accepts a key (RFC 6455 section 4.2.2)."""
    return b64encode(sha1(key.encode("latin-1") + _GUID, usedforsecurity=False).digest()).decode()


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer, read with patience for what is wrong in it."""

    status_line: str
    lines: tuple[str, ...]
    status: int
    version: str

    @classmethod
    def parse(cls, octets: bytes) -> "Head | None":
        """Read a head; None where it is none of HTTP."""
        status_line, *lines = octets.decode("latin-1").split("\r\n")
        match = _STATUS.fullmatch(status_line)
        if match is None:
            return None
        return cls(status_line, tuple(lines), int(match[2]), match[1])

    @property
    def is_well_formed(self) -> bool:
        """Whether every line is one of HTTP."""
        return all(map(_FIELD.fullmatch, self.lines))

    @property
    def has_space(self) -> bool:
        """Whether a space stands behind the status, as it does even without a reason."""
        return self.status_line[len("HTTP/1.1 101") :].startswith(" ")

    def values(self, name: str) -> list[str]:
        """Give the values of a header field, one for each line."""
        pairs = (line.partition(":") for line in self.lines)
        return [value.strip(" \t") for key, _, value in pairs if key.strip().lower() == name]

    def words(self, name: str) -> list[str]:
        """Give the members of a list, over all its lines, in lower case."""
        return [word.strip(" \t").lower() for word in ",".join(self.values(name)).split(",")]


@dataclass(frozen=True)
class Answer:
    """All that a server did about a request."""

    octets: bytes = b""
    ended: bool = False
    """Whether it ended the connection, by FIN or reset."""
    echoed: bool = False
    """Whether the message came back."""

    @property
    def head(self) -> Head | None:
        """The head of the first final answer, None where none came whole."""
        return self._split[0]

    @property
    def rest(self) -> bytes:
        """What came behind that head."""
        return self._split[1]

    @cached_property
    def _split(self) -> tuple[Head | None, bytes, bool]:
        rest = self.octets
        while _END in rest:
            before, _, rest = rest.partition(_END)
            head = Head.parse(before)
            if head is None or head.status == SWITCHING or head.status >= _FINAL:
                return head, rest, head is not None
        return None, rest, _BEGIN.startswith(rest[: len(_BEGIN)])

    @property
    def is_http(self) -> bool:
        """Whether it is HTTP/1, or can still become that."""
        return self._split[2]

    @property
    def statuses(self) -> list[int]:
        """The status of every answer, where several requests were sent."""
        return [int(found) for found in _ANY_STATUS.findall(self.octets)]
