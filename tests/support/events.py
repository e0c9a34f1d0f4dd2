# SPDX-License-Identifier: MIT
"""A reader of server-sent events, written from the HTML standard's section 9.2.6."""

import json
import re
from typing import Any

from attrs import define, field, frozen

_LINE_END = re.compile(rb"\r\n|\n|\r")


@frozen
class Event:
    """One event.

    Attributes:
        name: its type.
        data: what it carries.
        last_id: what `Last-Event-ID` is from now on.
    """

    name: str
    data: str
    last_id: str

    @property
    def frame(self) -> Any:
        """What it carries, as JSON."""
        return json.loads(self.data)


@define
class EventReader:
    """Reads a stream as it comes."""

    last_id: str = ""
    retry: int | None = None
    comments: int = 0
    _rest: bytes = b""
    _name: str = ""
    _data: list[str] = field(factory=list)
    _id: str = ""

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes, return the events that they complete."""
        # A CR at the end may be half of a CRLF.
        *lines, self._rest = _LINE_END.split(self._rest + data)
        return [event for line in lines if (event := self._line(line.decode("utf-8"))) is not None]

    def _line(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not name:
            self.comments += 1
        elif name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value)
        return None

    def _dispatch(self) -> Event | None:
        self.last_id = self._id
        name, self._name = self._name or "message", ""
        data, self._data = self._data, []
        return Event(name, "\n".join(data), self.last_id) if data else None


def read_events(data: bytes) -> list[Event]:
    """Read all the events of a body."""
    return EventReader().feed(data)
