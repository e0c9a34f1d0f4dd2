# SPDX-License-Identifier: MIT
"""Publications in a cluster: told to all nodes, and delivered as they come round."""

from __future__ import annotations

from contextlib import suppress
from math import inf, nextafter
from typing import TYPE_CHECKING

from wsecho.core.promise import Later, Promise, settle, when
from wsecho.router.cluster import messages
from wsecho.router.model.publications import Publication
from wsecho.router.wire import errors
from wsecho.router.wire.errors import CannotCarryError, WampError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wsecho.router.cluster.network import Network
    from wsecho.router.routing.realm import Realm


class Events:
    """The publications of a realm.

    Args:
        realm: the realm.
        network: leads to the other nodes.
    """

    def __init__(self, realm: Realm, network: Network) -> None:
        self._realm = realm
        self._network = network
        self._latest = 0.0
        self._under_way: dict[int, tuple[Publication, Promise[int]]] = {}

    def publish(
        self, publication: Publication, *, will: tuple[str, str] | None = None
    ) -> Later[int]:
        """Tell all nodes; it is delivered here too when it comes round.

        Args:
            publication: what.
            will: node and name of what is carried out by this, and told only if it was not before.

        Returns:
            The publication id, once it has.

        Raises:
            WampError: it cannot be told now, or holds what has no form between nodes.
        """
        publication.time = self._realm.clock.now()
        if self._network.is_away and self._network.goes_on_alone:
            self._deliver(publication)
            return publication.id
        answer: Promise[int] = Promise()
        self._under_way[publication.id] = publication, answer

        def failed(error: WampError) -> None:
            if self._under_way.pop(publication.id, None) is not None:
                answer.fail(error)

        try:
            keep = str(publication.id) if publication.retain else None
            told = self._tell(publication, keep, will)
        except CannotCarryError as error:
            self._under_way.pop(publication.id, None)
            raise WampError(error.uri, "there is no form for it between nodes") from None
        except WampError:
            self._under_way.pop(publication.id, None)
            raise

        def done(was_told: bool) -> None:  # noqa: FBT001
            if not was_told and self._under_way.pop(publication.id, None) is not None:
                answer.give(publication.id)

        settle(told, done, failed)
        return answer

    def _tell(
        self, publication: Publication, keep: str | None, will: tuple[str, str] | None
    ) -> Later[bool]:
        if will is not None:
            return self._network.carry_out(*will, publication, keep)
        return when(self._network.tell(publication, keep), lambda _: True)

    def heard(self, told: Publication, *, is_own: bool) -> None:
        """Deliver a publication that has come round."""
        publication, answer, time = told, None, told.time
        under_way = self._under_way.pop(told.id, None)
        if under_way is not None:
            # What this node said itself need not be read again.
            publication, answer = under_way
        elif not (told.retain or self._realm.broker.has_receivers(told.topic)):
            return
        dropped = self._deliver(publication)
        if is_own:
            if publication.time != time:
                self._network.keep(str(publication.id), publication)
            self._network.drop([str(each.id) for each in dropped])
        if answer is not None:
            answer.give(publication.id)

    def _deliver(self, publication: Publication) -> list[Publication]:
        broker = self._realm.broker
        dropped: list[Publication] = []
        if publication.retain:
            # Nodes' clocks differ: what comes later counts as later, on all nodes alike.
            publication.time = max(publication.time, nextafter(self._latest, inf))
            self._latest = publication.time
            dropped = broker.retained.keep(publication)
        broker.dispatch(publication)
        return dropped

    def cut_off(self) -> None:
        """Know no longer what comes round."""
        under_way, self._under_way = self._under_way, {}
        for _, answer in under_way.values():
            answer.fail(WampError(errors.TIMEOUT, "it is not known whether others have it"))

    def catch_up(self) -> None:
        """Retain what the other nodes do."""
        try:
            settle(self._network.kept(), self._merge, lambda _: None)
        except WampError:
            # It went away again, and is asked again when it is back.
            return

    def _merge(self, kept: Iterable[messages.Notice]) -> None:
        found = [notice for notice in kept if isinstance(notice, Publication)]
        theirs = {publication.id for publication in found}
        retained = self._realm.broker.retained
        dropped = self._retain(found)
        self._network.drop([str(each.id) for each in dropped if each.id in theirs])
        for each in retained:
            if each.id not in theirs:
                self._network.keep(str(each.id), each)
                # Who came back before this one has not read it.
                with suppress(WampError, CannotCarryError):
                    self._network.tell(messages.KeptEvent(each))

    def _retain(self, publications: list[Publication]) -> list[Publication]:
        self._latest = max((self._latest, *(each.time for each in publications)))
        return self._realm.broker.retained.merge(publications)

    def kept(self, notice: messages.KeptEvent) -> None:
        """Retain what another node did, if nothing later is."""
        self._retain([notice.publication])
