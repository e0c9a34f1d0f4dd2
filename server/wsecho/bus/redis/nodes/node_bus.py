# SPDX-License-Identifier: MIT
"""What the bus is to the nodes: each call goes to the part that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from twisted.internet.defer import DeferredList

from wsecho.bus.redis.nodes import messaging
from wsecho.bus.redis.nodes.directory import RedisDirectory
from wsecho.bus.redis.nodes.leases import Leases
from wsecho.bus.redis.nodes.outbox import SubjectOutbox
from wsecho.bus.redis.nodes.wills import Wills

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twisted.internet.defer import Deferred

    from wsecho.bus.redis.context import BusContext
    from wsecho.core.promise import Later
    from wsecho.core.rooms.leases import Claim
    from wsecho.core.rooms.wills import Will


class NodeBus:
    """What nodes say to one another, keep, leave and hold; `Bus` tells of each method.

    Args:
        context: what it is built upon.
        catch_up: hears first what had been said.
    """

    keeps: Final = True

    def __init__(self, context: BusContext, catch_up: Callable[[], Later[None]]) -> None:
        node, commands, keys = context.node, context.commands, context.keys
        settings = context.settings
        ttl, speaks_locally = settings.node_ttl, settings.speaks_locally
        lasting = self._lasting = str(int(max(context.rules.history_ttl, ttl) * 1000))
        self._keys = keys
        self.directory = RedisDirectory(commands, keys, ttl, context.reactor)
        self._leases = Leases(node, commands, keys, lasting, speaks_locally=speaks_locally)
        self._wills = Wills(node, commands, keys, ttl, context.now, speaks_locally=speaks_locally)
        waiting = str(int(max(2 * ttl, messaging.LEAST_WAITING) * 1000))
        self._messaging = messaging.NodeMessaging(
            commands, keys, waiting, lasting, self._wills, SubjectOutbox(catch_up)
        )

    # -- what they say

    def broadcast(self, subject: str, payload: bytes) -> None:
        """Say something to all nodes, if they can be reached."""
        self._messaging.broadcast(subject, payload)

    def announce(self, subject: str, payload: bytes) -> Later[None]:
        """Say something to all nodes that are there, and know that it was said."""
        return self._messaging.tell(subject, payload)

    def broadcast_logged(
        self, subject: str, payload: bytes, keep: str | None = None, will: Will | None = None
    ) -> Later[bool]:
        """Say something to all nodes, those included that are cut off for a while."""
        return self._messaging.broadcast_logged(subject, payload, keep, will)

    def send_to(self, node: str, subject: str, payload: bytes) -> Later[bool]:
        """Say something to one node; tell whether it listens."""
        return self._messaging.send_to(node, subject, payload)

    # -- what they keep

    def keep(self, subject: str, name: str, payload: bytes) -> None:
        """Keep something of a subject under a name, if Redis is there."""
        self._messaging.keep(subject, name, payload)

    def drop(self, subject: str, names: Sequence[str]) -> None:
        """Keep it no longer, if Redis is there."""
        self._messaging.drop(subject, names)

    def kept(self, subject: str) -> Later[dict[str, bytes]]:
        """Read what is kept of a subject."""
        return self._messaging.kept(subject)

    # -- what they leave

    def bequeath(self, subject: str, name: str, payload: bytes) -> Later[None]:
        """Have something carried out once this node is dead."""
        return self._wills.bequeath(subject, name, payload)

    def revoke(self, subject: str, names: Sequence[str]) -> None:
        """Take wills of this node back."""
        self._wills.revoke(subject, names)

    def inherit(self, subject: str, heir: Callable[[Will, bytes], Later[object]]) -> None:
        """Have the wills of a subject carried out, that dead nodes left."""
        self._wills.inherit(subject, heir)

    def is_spent(self, subject: str, will: Will) -> Later[bool]:
        """Tell whether a will was carried out, or taken back."""
        return self._wills.is_spent(subject, will)

    def spend(self, subject: str, will: Will) -> None:
        """Note that a will was carried out."""
        self._wills.spend(subject, will)

    # -- what they hold

    def claim(self, claim: Claim, lost: Callable[[], None]) -> Later[int]:
        """Hold a place among all nodes."""
        return self._leases.claim(claim, lost)

    def cede(self, place: str, holder: str, node: str | None = None) -> None:
        """Take a claim back, or that of another node, if that is dead."""
        self._leases.cede(place, holder, node)

    def take_turn(self, place: str) -> Later[int]:
        """Count up from 0 at a place, together with all other nodes."""
        return self._leases.take_turn(place)

    # -- with each sign of life

    def _outlasting(self) -> list[str]:
        """Name what goes some time after the last node."""
        return [self._keys.claims, self._keys.turns, *self._messaging.names]

    def _renew(self) -> Deferred[None]:
        """Put right what Redis knows of what is this node's, which it may have been taken for."""
        renewed = DeferredList([self._leases.renew(), self._wills.renew()])
        return renewed.addCallback(lambda _: None)
