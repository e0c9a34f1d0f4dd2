# SPDX-License-Identifier: MIT
"""What a realm asks of the way to the other nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wsecho.router.wire.errors import NETWORK_FAILURE, WampError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wsecho.core.promise import Later
    from wsecho.router.cluster.messages import Notice


class Network(Protocol):
    """The way to the routers of one realm on all nodes.

    Whatever takes an answer may raise `WampError`, or return an `Answer` that fails with one:
    `wamp.error.network_failure` where nothing was done, `wamp.error.timeout` where that is not
    known.
    """

    @property
    def node(self) -> str:
        """The name of this node."""

    @property
    def is_away(self) -> bool:
        """Whether the other nodes cannot be reached."""

    @property
    def goes_on_alone(self) -> bool:
        """Whether this node serves its own sessions while the others cannot be reached."""

    @property
    def patience(self) -> float:
        """Seconds after which a node that has been silent is dead."""

    def begin(
        self,
        heard: Callable[[str, Notice], None],
        changed: Callable[[frozenset[str]], None],
    ) -> None:
        """Begin to hear.

        Args:
            heard: takes the name of a node and what it said; all that one node says comes in
                the order in which it was said, and what is told to all in one order everywhere.
            changed: takes the nodes that live, this one included, whenever that changes, and
                whenever this node is cut off or comes back.
        """

    def tell(self, notice: Notice, keep: str | None = None) -> Later[None]:
        """Tell all nodes, this one included.

        Args:
            notice: what.
            keep: the name under which it is kept for nodes that come later.

        Raises:
            CannotCarryError: it holds what has no form between nodes.
        """

    def send(self, node: str, notice: Notice) -> Later[bool]:
        """Tell one node; whether it is there.

        Raises:
            CannotCarryError: it holds what has no form between nodes.
        """

    def catch_up(self) -> Later[None]:
        """Hear first what was told before."""

    def keep(self, name: str, notice: Notice) -> None:
        """Keep what nodes that come later should know, if they can be reached."""

    def drop(self, names: Sequence[str]) -> None:
        """Keep it no longer, if they can be reached."""

    def kept(self) -> Later[Iterable[Notice]]:
        """What is kept."""

    def bequeath(self, name: str, notice: Notice) -> Later[None]:
        """Have other nodes inherit something once this one is dead.

        Raises:
            CannotCarryError: it holds what has no form between nodes.
        """

    def revoke(self, names: Sequence[str]) -> None:
        """Have them inherit it no more, at once or when they can be reached."""

    def inherit(self, heir: Callable[[str, str, Notice], Later[bool]]) -> None:
        """Inherit what dead nodes left.

        Args:
            heir: takes the node, the name and what it is; it is given again, unless it fails,
                until it is spent.
        """

    def carry_out(self, node: str, name: str, notice: Notice, keep: str | None) -> Later[bool]:
        """As `tell`, in one step with spending what a node, or this one, had bequeathed.

        Returns:
            Whether it was told: not where it had been spent before.

        Raises:
            CannotCarryError: it holds what has no form between nodes.
        """

    def is_spent(self, node: str, name: str) -> Later[bool]:
        """Whether it was carried out, or revoked."""

    def spend(self, node: str, name: str) -> None:
        """It was carried out."""

    def claim(
        self, place: str, holder: int, rule: str, lost: Callable[[], None], *, is_shared: bool
    ) -> Later[int]:
        """Hold a place among all nodes.

        Args:
            place: the place.
            holder: the session that is to hold it.
            rule: how its holders share it.
            lost: called if it turns out that others hold it.
            is_shared: whether it is shared at all.

        Returns:
            Its rank among the holders. Where others hold the place it fails with `TakenError`.
        """

    def cede(self, place: str, holder: int, node: str | None = None) -> None:
        """Hold it no longer; where `node` is given, that is dead and held it."""

    def take_turn(self, place: str) -> Later[int]:
        """Count up at a place, together with all nodes."""


def check_network(network: Network) -> None:
    """See that what all nodes have to do with can be done.

    Raises:
        WampError: they cannot be reached, and this one does not go on alone.
    """
    if network.is_away and not network.goes_on_alone:
        raise WampError(NETWORK_FAILURE, "the other nodes cannot be reached")
