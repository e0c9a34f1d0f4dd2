# SPDX-License-Identifier: MIT
"""What leads a message back to whoever said it here."""

from wsecho.bus.redis.rooms.correlation import MAX_UNDER_WAY, Correlation
from wsecho.bus.redis.rooms.records import NO_TAG


class Member:
    """Somebody who speaks."""

    def __init__(self, *, wants_own: bool) -> None:
        self.wants_own = wants_own


def test_tags_lead_back_once() -> None:
    """Where somebody will ask, and here alone."""
    tags = Correlation("me")
    quiet = Member(wants_own=False)
    assert tags.tag(None, None) == tags.tag(Member(wants_own=True), None) == NO_TAG
    tag = tags.tag(quiet, "origin")
    assert tags.take(b"other:1") == tags.take(NO_TAG) == (None, None)
    assert tags.take(tag) == (quiet, "origin")
    assert tags.take(tag) == (None, None)
    first = tags.tag(quiet, None)
    for _ in range(MAX_UNDER_WAY):
        tags.tag(quiet, None)
    assert tags.take(first) == (None, None)
