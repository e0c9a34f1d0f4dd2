# SPDX-License-Identifier: MIT
"""Applications that answer alike, each in another form: by what they are asked, not by whom.

========================  ==================================================================
asked                     the answer
========================  ==================================================================
``X-App: WORD``           of a connection: by the word, or claims for ``X-App: ann``
a room ``WORD-…``         of seeing it: by the word
a message ``WORD``        by the word; another text for ``shout …`` and ``where``, which is the
                          room's name; nothing said for ``drop``
========================  ==================================================================

The words are ``no``, ``full``, ``away``, ``broken``; ``late`` is not answered in time, and ``slow``
after a second, by those that can wait.
"""

import asyncio
from typing import Any, Final

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from wsecho.hooks import Drop, Forbidden, Message, Server, Unavailable, Visit

HEADER: Final = "x-app"
CLAIMS: Final = {
    "sub": "ann",
    "name": "Ann",
    "rooms": {"join": ["*"], "publish": ["open-*"]},
}
SLOW: Final = 1.0
LATE: Final = 60.0


def by_word(word: str) -> None:
    """Refuse what is to be refused."""
    if word == "no":
        raise Forbidden("not you")
    if word == "full":
        raise Forbidden("two are enough", code="over_limit")
    if word == "away":
        raise Unavailable("the database is away")
    if word == "broken":
        raise RuntimeError("the application is broken")


def connecting(visit: Visit) -> dict[str, Any] | None:
    """Answer whether somebody may be here."""
    word = visit.headers.get(HEADER, "")
    by_word(word)
    return CLAIMS if word == "ann" else None


def joining(visit: Visit, room: str) -> None:
    """Answer whether a room may be seen; what it knows of the visit is in a reason."""
    by_word(room.partition("-")[0])
    if room == "who":
        raise Forbidden(f"{visit.door} {visit.path} {visit.origin} {visit.sub} {visit.address}")


def publishing(_visit: Visit, room: str, message: Message) -> str | bytes | None:
    """Answer whether something may be said, or what is said in its place."""
    if message.data == "drop":
        raise Drop
    if isinstance(message.data, bytes):
        return message.data[::-1] if message.data.startswith(b"reverse") else None
    word, _, rest = message.data.partition(" ")
    by_word(word)
    if word == "where":
        return room
    return rest.upper() if word == "shout" else None


def patience(asked: str | bytes) -> float:
    """Seconds that an answer takes."""
    text = asked if isinstance(asked, str) else ""
    return {"slow": SLOW, "late": LATE}.get(text.partition(" ")[0].partition("-")[0], 0.0)


class Plain:
    """Answers at once."""

    server: Server

    def connecting(self, visit: Visit) -> dict[str, Any] | None:
        """Answer."""
        return connecting(visit)

    def joining(self, visit: Visit, room: str) -> None:
        """Answer."""
        joining(visit, room)

    def publishing(self, visit: Visit, room: str, message: Message) -> str | bytes | None:
        """Answer."""
        return publishing(visit, room, message)


class Coroutines:
    """Answers by coroutines, which wait where that is asked for."""

    async def connecting(self, visit: Visit) -> dict[str, Any] | None:
        """Answer."""
        await _wait(visit.headers.get(HEADER, ""))
        return connecting(visit)

    async def joining(self, visit: Visit, room: str) -> None:
        """Answer."""
        await _wait(room)
        joining(visit, room)

    async def publishing(self, visit: Visit, room: str, message: Message) -> str | bytes | None:
        """Answer."""
        await _wait(message.data)
        return publishing(visit, room, message)


class Tasks:
    """Answers by coroutines that wait for what asyncio has, and for the server."""

    server: Server

    async def publishing(self, visit: Visit, room: str, message: Message) -> str | bytes | None:
        """Answer."""
        async with asyncio.timeout(LATE):
            await asyncio.sleep(patience(message.data))
        members = await self.server.members(room)
        answer = publishing(visit, room, message)
        return answer if answer is not None else f"{len(members)} heard {message.data!r}"


class Deferreds:
    """Answers by Deferreds, which fire in another turn of the reactor at least."""

    def connecting(self, visit: Visit) -> "Deferred[dict[str, Any] | None]":
        """Answer."""
        word = visit.headers.get(HEADER, "")
        return deferLater(reactor, patience(word), connecting, visit)

    def joining(self, visit: Visit, room: str) -> "Deferred[None]":
        """Answer."""
        return deferLater(reactor, patience(room), joining, visit, room)

    def publishing(
        self, visit: Visit, room: str, message: Message
    ) -> "Deferred[str | bytes | None]":
        """Answer."""
        wait = patience(message.data)
        return deferLater(reactor, wait, publishing, visit, room, message)


async def _wait(asked: str | bytes) -> None:
    seconds = patience(asked)
    if seconds:
        await deferLater(reactor, seconds)
