# SPDX-License-Identifier: MIT
"""How a connection arrives: it takes a place, whose it is is told; or it is turned away."""

from typing import Any, Final

from twisted.internet.interfaces import ISSLTransport
from twisted.protocols.policies import ProtocolWrapper

from wsecho.access.proxies import Proxies
from wsecho.core.limits.admissions import Admissions, Place
from wsecho.core.wire.errors import WireError
from wsecho.server.peers import peer_name

MAX_TURNED_AWAY: Final = 100
"""Connections beyond the limits that may wait to be told so; further ones are cut."""


class Entrance:
    """Where connections come in.

    Args:
        admissions: counts them, and knows the limits.
        proxies: the peers whose connections are others'.

    Attributes:
        turned_away: connections beyond the limits that are still there.
    """

    def __init__(self, admissions: Admissions, proxies: Proxies) -> None:
        self.admissions = admissions
        self.proxies = proxies
        self.turned_away = 0


class Arrival:
    """What one connection has been told at the entrance.

    Args:
        entrance: where it came in.
        transport: the connection, which is open.

    Attributes:
        refusal: the limit that it is over, None where it may stay. A client is told of it in answer
            to its request: many do not listen before they have asked.
    """

    def __init__(self, entrance: Entrance, transport: Any) -> None:
        self.refusal: WireError | None = None
        self._entrance = entrance
        self._transport = transport
        # In front of the PROXY protocol's wrapper the client's address is still to come, in a line.
        is_wrapped = isinstance(transport, ProtocolWrapper)
        is_told_later = is_wrapped and not ISSLTransport.providedBy(transport)
        self._peer = None if is_told_later else peer_name(transport)
        self._place: Place | None = None
        try:
            self._place = entrance.admissions.enter()
            if not is_told_later:
                self.belong_to_peer()
        except WireError as error:
            self._turn_away(error)

    @property
    def peer(self) -> str:
        """The peer's name, as it is known now."""
        return peer_name(self._transport) if self._peer is None else self._peer

    @property
    def place(self) -> Place:
        """The connection's place.

        Raises:
            OverLimit: there is none at all.
            TooMany: there is none for its peer's address.
        """
        if self.refusal is not None:
            raise self.refusal
        assert self._place is not None  # noqa: S101  # one of the two is there
        return self._place

    def belong_to_peer(self) -> Place:
        """Count the connection as its peer's, unless that is a proxy, which tells whose it is.

        Raises:
            OverLimit: there is no place at all.
            TooMany: the peer has too many.
        """
        place = self.place
        if not self._entrance.proxies.trust(self.peer):
            place.belongs_to(self.peer)
        return place

    def leave(self) -> None:
        """Free the place, or end the waiting to be told that there is none."""
        if self._place is not None:
            self._place.leave()
        if self.refusal is not None:
            self._entrance.turned_away -= 1

    def _turn_away(self, error: WireError) -> None:
        if self._place is not None:
            self._place.leave()
        self.refusal = error
        self._entrance.turned_away += 1
        if self._entrance.turned_away > MAX_TURNED_AWAY:
            self._transport.abortConnection()
