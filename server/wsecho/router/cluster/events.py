# SPDX-License-Identifier: MIT
"""Publications in a cluster: told to all nodes, and delivered as they come round."""

from __future__ import annotations

from contextlib import suppress
from math import inf, nextafter
from typing import TYPE_CHECKING, Any

import attrs

from wsecho.router.cluster import messages
from wsecho.router.model.answers import Answer, settle_answer
from wsecho.router.model.publications import Publication
from wsecho.router.wire import errors
from wsecho.router.wire.audience import Audience
from wsecho.router.wire.errors import CannotCarryError, WampError
from wsecho.router.wire.outgoing import Publisher

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
        self._under_way: dict[int, tuple[Publication, Answer[int]]] = {}

    def publish(
        self, publication: Publication, *, retain: bool, will: tuple[str, str] | None = None
    ) -> int | Answer[int]:
        """Tell all nodes; it is delivered here too when it comes round.

        Args:
            publication: what.
            retain: whether it is retained.
            will: node and name of what is carried out by this, and told only if it was not before.

        Returns:
            The publication id, once it has.

        Raises:
            WampError: it cannot be told now, or holds what has no form between nodes.
        """
        publication.time = self._realm.clock.now()
        if self._network.is_away and self._network.goes_on_alone:
            self._deliver(publication, retain=retain)
            return publication.id
        answer: Answer[int] = Answer()
        self._under_way[publication.id] = publication, answer

        def failed(error: WampError) -> None:
            if self._under_way.pop(publication.id, None) is not None:
                answer.fail(error)

        try:
            keep = str(publication.id) if retain else None
            told = self._tell(write(publication, retain=retain), keep, will)
        except CannotCarryError as error:
            self._under_way.pop(publication.id, None)
            raise WampError(error.uri, "there is no form for it between nodes") from None
        except WampError:
            self._under_way.pop(publication.id, None)
            raise

        def done(was_told: bool) -> None:  # noqa: FBT001
            if not was_told and self._under_way.pop(publication.id, None) is not None:
                answer.give(publication.id)

        settle_answer(told, done, failed)
        return answer

    def _tell(
        self, event: messages.EventMessage, keep: str | None, will: tuple[str, str] | None
    ) -> bool | Answer[bool]:
        if will is not None:
            return self._network.carry_out(*will, event, keep)
        told, answer = self._network.tell(event, keep), Answer[bool]()
        settle_answer(told, lambda _: answer.give(True), answer.fail)
        return answer

    def heard(self, notice: messages.EventMessage, *, is_own: bool) -> None:
        """Deliver a publication that has come round."""
        under_way = self._under_way.pop(notice.id, None)
        if under_way is not None:
            publication, answer = under_way
        elif notice.retain or self._realm.broker.has_receivers(notice.topic):
            publication, answer = read(notice), None
        else:
            return
        dropped = self._deliver(publication, retain=notice.retain)
        if is_own:
            if publication.time != notice.time:
                self._network.keep(str(publication.id), write(publication, retain=True))
            self._network.drop([str(each.id) for each in dropped])
        if answer is not None:
            answer.give(publication.id)

    def _deliver(self, publication: Publication, *, retain: bool) -> list[Publication]:
        broker = self._realm.broker
        dropped: list[Publication] = []
        if retain:
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
            settle_answer(self._network.kept(), self._merge, lambda _: None)
        except WampError:
            # It went away again, and is asked again when it is back.
            return

    def _merge(self, kept: Iterable[messages.Notice]) -> None:
        found = [read(notice) for notice in kept if isinstance(notice, messages.EventMessage)]
        theirs = {publication.id for publication in found}
        retained = self._realm.broker.retained
        dropped = self._retain(found)
        self._network.drop([str(each.id) for each in dropped if each.id in theirs])
        for each in retained:
            if each.id not in theirs:
                event = write(each, retain=True)
                self._network.keep(str(each.id), event)
                # Who came back before this one has not read it.
                with suppress(WampError, CannotCarryError):
                    self._network.tell(messages.KeptEvent(list(messages.fields(event))))

    def _retain(self, publications: list[Publication]) -> list[Publication]:
        self._latest = max((self._latest, *(each.time for each in publications)))
        return self._realm.broker.retained.merge(publications)

    def kept(self, notice: messages.KeptEvent) -> None:
        """Retain what another node did, if nothing later is."""
        self._retain([read(messages.EventMessage(*notice.event))])


def write(publication: Publication, *, retain: bool) -> messages.EventMessage:
    """Write a publication as nodes tell it."""
    publisher, audience = publication.publisher, publication.audience
    return messages.EventMessage(
        publication.id,
        publication.topic,
        publication.args,
        publication.kwargs,
        publication.skip,
        None if publisher is None else list(attrs.astuple(publisher)),
        None if audience is None else _write_audience(audience),
        publication.time,
        retain,
    )


def _write_audience(audience: Audience) -> list[list[Any] | None]:
    lists = attrs.astuple(audience, recurse=False)
    return [None if each is None else list(each) for each in lists]


def read(notice: messages.EventMessage) -> Publication:
    """Read a publication that a node told."""
    lists = notice.audience
    return Publication(
        notice.id,
        notice.topic,
        notice.args,
        notice.kwargs,
        notice.skip,
        None if notice.publisher is None else Publisher(*notice.publisher),
        None
        if lists is None
        else Audience(*(None if each is None else frozenset(each) for each in lists)),  # type: ignore[arg-type]
        time=notice.time,
    )
