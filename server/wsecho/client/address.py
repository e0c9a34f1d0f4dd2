# SPDX-License-Identifier: MIT
"""Where a room is: what it is read at by WebSocket, and what is posted to."""

from collections.abc import Mapping
from typing import Final, Self
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from attrs import field, frozen

from wsecho.client.errors import BadRequest
from wsecho.client.model import Position
from wsecho.client.room_url import http_url

_ARGUMENTS: Final = {
    **{name: name for name in ("after", "history", "presence", "member", "token")},
    "self": "own",
}
"""What the query is not to have, and the argument that says it instead."""


@frozen
class Address:
    """A room of a server.

    Attributes:
        url: its URL, as one of HTTP.
        member: the secret by which the client is one member across connections.
    """

    url: str
    member: str = field(repr=False)

    @classmethod
    def parse(cls, url: str, member: str) -> Self:
        """Read the URL of a room: `http`, `https`, `ws` or `wss`.

        Raises:
            BadRequest: it is none; the reason says why.
        """
        checked = http_url(url)
        for name, _ in parse_qsl(urlsplit(checked).query, keep_blank_values=True):
            if name in _ARGUMENTS:
                raise BadRequest(
                    f"url has {name}= in its query: give {_ARGUMENTS[name]} to connect"
                )
        return cls(checked, member)

    @property
    def room(self) -> str:
        """The room's name."""
        return unquote(urlsplit(self.url).path.rpartition("/")[2])

    @property
    def is_secure(self) -> bool:
        """Whether it is reached by TLS."""
        return self.url.startswith("https:")

    def reading(self, after: Position | None, history: int | None, *, presence: bool) -> str:
        """Return the URL to read it at.

        Args:
            after: the place to resume after, None for none.
            history: how many messages to begin with, None for what the server does.
            presence: whether to be told who comes and goes.
        """
        asked = {
            "after": None if after is None else str(after),
            "history": history,
            "presence": 1 if presence else None,
            "member": self.member,
        }
        scheme, _, rest = self.url.partition(":")
        return self._with({"http": "ws", "https": "wss"}[scheme] + ":" + rest, asked)

    @property
    def posting(self) -> str:
        """The URL to post to, as the same member."""
        return self._with(self.url, {"member": self.member})

    def _with(self, url: str, asked: Mapping[str, object]) -> str:
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"{url}{'&' if urlsplit(url).query else '?'}{query}"
