# SPDX-License-Identifier: MIT
"""Topics, and which of them somebody owns who serves them in place of the broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsecho.router.wire.uris import may_reach

if TYPE_CHECKING:
    from wsecho.router.model.owner import TopicOwner
    from wsecho.router.wire.uris import Match


class Topics:
    """The topics of one realm.

    Args:
        owner: owns some of them, None where nobody does.
    """

    def __init__(self, owner: TopicOwner | None) -> None:
        self._owner = owner
        self._owned = owner.prefixes if owner is not None else ()

    def canonical(self, topic: str) -> str:
        """The one spelling of a concrete topic.

        Raises:
            WampError: an owned topic that its owner cannot read.
        """
        if self._owner is None or not topic.startswith(self._owned):
            return topic
        return self._owner.canonical(topic)

    def owner_of(self, topic: str) -> TopicOwner | None:
        """Who owns a concrete topic, None for nobody."""
        return self._owner if topic.startswith(self._owned) else None

    def owner_reached(self, uri: str, match: Match) -> TopicOwner | None:
        """Whose topics' events a subscription to `uri` can receive, None for nobody's."""
        is_reached = any(may_reach(uri, match, prefix) for prefix in self._owned)
        return self._owner if is_reached else None
