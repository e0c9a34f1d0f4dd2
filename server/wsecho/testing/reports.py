# SPDX-License-Identifier: MIT
"""A report of the lab, as `GET /lab/report/ID` answers it."""

from typing import NotRequired, TypedDict


class Wrong(TypedDict):
    """Something that no client may do: what, by which section, when (milliseconds)."""

    what: str
    rfc: str
    ms: float


class Head(TypedDict):
    """A request: its target and its headers, names as they were written."""

    target: str
    headers: list[list[str]]


class Frame(TypedDict):
    """A frame of the client's; of its payload the beginning, as `text` or in hexadecimal."""

    ms: float
    opcode: str
    fin: bool
    rsv: int
    length: int
    masked: bool
    text: NotRequired[str]
    hex: NotRequired[str]


class Ended(TypedDict):
    """How a connection ended; code and reason are of the client's Close."""

    by: str
    ms: float
    code: int | None
    reason: str | None
    tcp: str


class Verdict(TypedDict):
    """What the client made of the chain's rule or fault; not yet known where `passed` is None."""

    rule: str
    level: str
    should: str
    codes: list[int]
    did: str | None
    passed: bool | None


class Connection(TypedDict):
    """What one connection did."""

    chain: str
    opened: int
    head: Head
    status: int | None
    frames: list[Frame]
    ended: Ended | None
    verdict: Verdict | None
    wrong: list[Wrong]


class Report(TypedDict):
    """What all connections to one URL did."""

    id: str
    full: bool
    connections: list[Connection]
    gaps: list[float]
    wrong: list[Wrong]
