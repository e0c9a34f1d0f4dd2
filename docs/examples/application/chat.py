# SPDX-License-Identifier: MIT
"""A team's chat, asked by the server that carries it.

    wsecho --app chat:Chat --ask-header Cookie

Who comes with a session of this application is let in as that person, into the rooms of its teams.
What is said is read first: a word is struck out, and whoever was silenced speaks to nobody.
"""

from http.cookies import SimpleCookie
from typing import Any

from wsecho.hooks import Drop, Forbidden, Message, Visit

SESSIONS = {"7f3a": "ann", "91bc": "bob"}
TEAMS = {"ann": ["red", "blue"], "bob": ["red"]}
SILENCED = {"bob"}


class Chat:
    """Says who may do what."""

    def connecting(self, visit: Visit) -> dict[str, Any]:
        """Let in who is logged in."""
        cookie = SimpleCookie(visit.headers.get("cookie", "")).get("session")
        person = SESSIONS.get(cookie.value) if cookie else None
        if person is None:
            raise Forbidden("log in first")
        rooms = [f"team-{team}" for team in TEAMS[person]]
        return {"sub": person, "name": person.title(), "rooms": {"join": rooms, "publish": rooms}}

    async def publishing(self, visit: Visit, room: str, message: Message) -> str | None:
        """Let it be said, but for what nobody wants to read."""
        if visit.sub in SILENCED:
            raise Drop
        if not isinstance(message.data, str):
            raise Forbidden("this is a chat: say it in words")
        return message.data.replace("darn", "d***")
