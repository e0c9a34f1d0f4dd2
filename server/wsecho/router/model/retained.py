# SPDX-License-Identifier: MIT
"""Retained events: the last word on a topic, for those who come later ("Event Retention").

A topic keeps its latest event that everybody may have, and up to `SUPPLEMENTS` later ones with an
audience; a subscriber gets the newest that it would have received at the time. A best effort in
memory: beyond so many topics, or bytes, the one that was set longest ago goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wsecho.router.wire import uris

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wsecho.router.model.publications import Publication
    from wsecho.router.wire.audience import Receiver
    from wsecho.router.wire.uris import Match

SUPPLEMENTS: Final = 8

MAX_BYTES: Final = 64 << 20
"""Bytes that all retained events of a realm count for; one of any size may be retained alone."""

_LEAST: Final = 16
"""What each value of a payload counts for at least."""


class Retained:
    """The retained events of a realm.

    Args:
        limit: topics that may have one.
        most: bytes that all of them count for.
    """

    def __init__(self, limit: int, most: int = MAX_BYTES) -> None:
        self._limit = limit
        self._most = most
        self._size = 0
        self._topics: dict[str, list[Publication]] = {}  # newest last

    def __len__(self) -> int:
        return len(self._topics)

    def keep(self, publication: Publication) -> list[Publication]:
        """Make this the topic's retained event; return those that are retained no longer."""
        kept = self._topics.pop(publication.topic, [])
        if publication.audience is None:
            dropped, kept = kept, [publication]
        else:
            kept.append(publication)
            general = 0 if kept[0].audience is not None else 1
            surplus = slice(general, max(general, len(kept) - SUPPLEMENTS))
            dropped = kept[surplus]
            del kept[surplus]
        self._topics[publication.topic] = kept
        self._size += _cost(publication) - sum(map(_cost, dropped))
        while len(self._topics) > self._limit or (
            self._size > self._most and len(self._topics) > 1
        ):
            oldest = self._topics.pop(next(iter(self._topics)))
            self._size -= sum(map(_cost, oldest))
            dropped += oldest
        return dropped

    def merge(self, others: Iterable[Publication]) -> list[Publication]:
        """Retain what had been if these, too, had been kept when they were published.

        Returns:
            Those of either that are not retained now.
        """
        all_of_them = {each.id: each for each in (*self, *others)}
        self._topics.clear()
        self._size = 0
        dropped: list[Publication] = []
        for each in sorted(all_of_them.values(), key=lambda each: (each.time, each.id)):
            dropped += self.keep(each)
        return dropped

    def __iter__(self) -> Iterator[Publication]:
        return (each for kept in self._topics.values() for each in kept)

    def find(self, uri: str, match: Match, session: Receiver) -> Iterator[Publication]:
        """What a new subscriber to `uri` gets: one event for each topic that it covers."""
        if match == "exact":
            topics = [uri] if uri in self._topics else []
        else:
            topics = [topic for topic in self._topics if uris.matches(uri, match, topic)]
        for topic in topics:
            for publication in reversed(self._topics[topic]):
                if publication.reaches(session):
                    yield publication
                    break


def _cost(publication: Publication) -> int:
    """Count what a publication takes, the same on every node, however deep its payload is."""
    size, waiting = 0, [publication.topic, publication.args, publication.kwargs]
    while waiting:
        value: Any = waiting.pop()
        size += _LEAST
        if isinstance(value, str | bytes):
            size += len(value)
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple):
            waiting += value
    return size
