# SPDX-License-Identifier: MIT
"""A case of the opening handshake: what is sent, who says what is right, and how firmly."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from .frames import PROBE, masked

if TYPE_CHECKING:
    from .judging import Right

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""The key of RFC 6455's own example."""
LINE = "GET {target} HTTP/1.1"
_USUAL = {
    "Host": "{host}",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}
Values = str | Sequence[str] | None


class Level(StrEnum):
    """How firmly the RFC asks it of a server."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"
    """Either is right; the case only tells which."""
    TAKE = "take"
    """What is sent is legal, and usual: an echo server has to open."""


class Then(Enum):
    """What the driver does once it has an answer."""

    PROBE = "sends a message where the answer is 101, and waits for its echo"
    LISTEN = "waits for the echo of the message that stands behind the request"
    COLLECT = "takes whatever comes behind it, for a moment"
    WATCH = "sees for a moment whether there is one, as there should not be"


@dataclass(frozen=True, slots=True)
class Place:
    """The server under test, as requests name it."""

    host: str
    """As in `Host`, with the port unless it is the scheme's own."""
    target: str
    """Path and query."""
    scheme: str = "http"

    def fill(self, text: str) -> str:
        """Put it into a template."""
        for name in ("host", "target", "scheme"):
            text = text.replace(f"{{{name}}}", getattr(self, name))
        return text

    @property
    def query(self) -> str:
        """What stands before a further parameter of the target."""
        return "&" if "?" in self.target else "?"


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a WebSocket, well-formed or not: templates, in Latin-1."""

    line: str
    lines: tuple[str, ...]
    behind: bytes = b""
    """What follows the head."""
    end: str = "\r\n"
    """What ends a line."""
    last: str = "\r\n"
    """What ends the head; empty for one that does not end."""

    def octets(self, place: Place) -> bytes:
        """Write it for a server."""
        line = self.line.replace("{query}", place.query)
        head = "".join(f"{each}{self.end}" for each in (line, *self.lines)) + self.last
        return place.fill(head).encode("latin-1") + self.behind

    def values(self, name: str) -> list[str]:
        """Give the values of a header field, one for each line that plainly has it."""
        before = len(f"{name}:")
        # A value may stand behind a fold, too.
        return [line[before:].strip() for line in self.lines if line[:before].lower() == f"{name}:"]

    @property
    def key(self) -> str:
        """The key that the answer has to be made from."""
        return next(iter(self.values("sec-websocket-key")), "")

    @property
    def subprotocols(self) -> set[str]:
        """What the answer may choose from."""
        listed = ",".join(self.values("sec-websocket-protocol")).split(",")
        return {name.strip(" \t") for name in listed} - {""}


def request(
    line: str = LINE,
    *,
    instead: Mapping[str, Values] | None = None,
    also: Sequence[str] = (),
    behind: bytes = b"",
    end: str = "\r\n",
    last: str | None = None,
) -> Request:
    """Make a good request with some changes.

    Args:
        line: the request line.
        instead: values of the five usual header fields: another, several lines of it, or None.
        also: further lines, as they are, behind the usual ones.
        behind: what follows the head.
        end: what ends each line.
        last: what ends the head, if it is not an empty line.
    """
    values: dict[str, Values] = {**_USUAL, **(instead or {})}
    usual = [f"{name}: {each}" for name, value in values.items() for each in _each(value)]
    return Request(line, (*usual, *also), behind, end, end if last is None else last)


def _each(value: Values) -> Sequence[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def with_message(behind: bytes = b"") -> bytes:
    """Give a body, if any, and the probe behind it."""
    return behind + masked(PROBE)


def whole(octets: bytes) -> list[bytes]:
    """Send a request in one piece."""
    return [octets]


def octet_by_octet(octets: bytes) -> list[bytes]:
    """Send each octet in a segment of its own."""
    return [octets[at : at + 1] for at in range(len(octets))]


def cut_at(place: int) -> Callable[[bytes], list[bytes]]:
    """Send a request in two pieces."""
    return lambda octets: [octets[:place], octets[place:]]


@dataclass(frozen=True, slots=True)
class Case:
    """One request, and what is right."""

    id: str
    title: str
    """What is sent, in some words."""
    rfc: str
    says: str
    """The sense of that section's sentence."""
    level: Level
    right: "Right"
    request: Request = field(default_factory=request)
    then: Then = Then.PROBE
    pieces: Callable[[bytes], list[bytes]] = whole
    pause: float = 0.002
    """Seconds between the pieces."""
    half_closes: bool = False
    """Whether the client ends its half behind the request."""
    closes: bool = False
    """Whether the server has to end the connection after its answer."""
