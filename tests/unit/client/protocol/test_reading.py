# SPDX-License-Identifier: MIT
"""What is read in a room, across connections."""

from typing import Any

import pytest

from wsecho.client.errors import Gap
from wsecho.client.model import Member, Message, Position, Presence, Sender
from wsecho.client.protocol.frames import Joined
from wsecho.client.protocol.reading import Reading


def at(text: str) -> Position:
    """A place."""
    return Position.parse(text)


def joined(position: str, recovered: bool | None = None, **more: Any) -> Joined:
    """What the server begins with."""
    given = {"member": "me", "members": None, "max_message_size": None, **more}
    return Joined(position=at(position), recovered=recovered, **given)


def message(position: str, sender: str | None = None) -> Message:
    """A message that says where it stands."""
    return Message(position, at(position), None, None if sender is None else Sender(sender))


def read(reading: Reading) -> list[Any]:
    """All that waits: messages by their place, gaps by both, the rest as it is."""
    found: list[Any] = []
    while (item := reading.inbox.take()) is not None:
        if isinstance(item, Message):
            found.append(str(item.position))
        elif isinstance(item, Gap):
            found.append((str(item.after), str(item.position)))
        else:
            found.append(item)
    return found


@pytest.fixture
def reading() -> Reading:
    """One that was joined at a:5 and has had a:6."""
    reading = Reading(None, True, "raise")
    reading.begin(joined("a:5"))
    reading.message(message("a:6"))
    return reading


def test_what_came_before_is_left_out(reading: Reading) -> None:
    """A server may send it again, where it resumed too early."""
    reading.begin(joined("a:6", recovered=True))
    for position in ("a:5", "a:6", "a:7", "a:7", "a:6"):
        reading.message(message(position))
    assert read(reading) == ["a:6", "a:7"]


def test_what_is_missing_is_told_even_where_the_server_says_nothing(reading: Reading) -> None:
    """By another epoch, or by a jump."""
    for position in ("a:9", "b:3", "b:4"):
        reading.message(message(position))
    assert read(reading) == ["a:6", ("a:6", "a:8"), "a:9", ("a:9", "b:2"), "b:3", "b:4"]


@pytest.mark.parametrize("on_gap", ["raise", "skip"])
def test_a_place_that_is_not_kept_is_a_gap(on_gap: Any) -> None:
    """Told once, before what follows."""
    reading = Reading(at("a:6"), True, on_gap)
    reading.begin(joined("b:2", recovered=False))
    assert reading.inbox.position == at("a:6")
    reading.message(message("b:3"))
    assert read(reading) == [("a:6", "b:2"), "b:3"]


def test_a_server_that_resumes_elsewhere_than_asked_is_held_to_it(reading: Reading) -> None:
    """Whatever it says of it."""
    reading.begin(joined("a:8", recovered=True))
    assert read(reading) == ["a:6", ("a:6", "a:8")]


def test_where_nothing_is_known_nothing_is_missing() -> None:
    """The first time begins where the server says."""
    reading = Reading(None, True, "raise")
    reading.begin(joined("a:5"))
    assert (reading.inbox.position, read(reading)) == (at("a:5"), [])


def test_a_room_that_began_anew_is_fetched_where_it_has_messages(reading: Reading) -> None:
    """Else there is nothing to be fetched, and the gap is told in place."""
    assert reading.renew(joined("b:3", recovered=False))
    assert not reading.renew(joined("a:6", recovered=True))
    assert not reading.renew(joined("b:0", recovered=False))
    reading.message(message("b:1"))
    assert read(reading) == ["a:6", ("a:6", "b:0"), "b:1"]


def test_what_was_left_out_for_a_slow_reader_is_fetched_or_skipped(reading: Reading) -> None:
    """As `on_gap` says."""
    assert reading.skipped(at("a:9"))
    skipping = Reading(None, True, "skip")
    skipping.begin(joined("a:6"))
    assert not skipping.skipped(at("a:9"))
    skipping.message(message("a:10"))
    assert read(skipping) == [("a:6", "a:9"), "a:10"]


def test_one_s_own_messages_can_be_left_out() -> None:
    """Also those of an earlier token, and also in a replay."""
    reading = Reading(None, False, "raise")
    reading.begin(joined("a:0", member="me"))
    reading.message(message("a:1", "me"))
    reading.message(message("a:2", "you"))
    reading.begin(joined("a:2", recovered=True, member="me now"))
    for number, sender in enumerate(["me", "me now", "you", None], 3):
        reading.message(message(f"a:{number}", sender))
    assert read(reading) == ["a:2", "a:5", "a:6"]
    assert reading.place == at("a:6")


def test_who_came_and_went_meanwhile_is_told() -> None:
    """As if one had been there."""
    one, two, three = (Member(id) for id in "123")  # noqa: A001
    reading = Reading(None, True, "raise")
    reading.begin(joined("a:0", members=(one,)))
    assert read(reading) == []
    reading.presence(Presence("join", two))
    reading.begin(joined("a:0", recovered=True, members=(two, three)))
    assert read(reading) == [
        Presence("join", two),
        Presence("leave", one),
        Presence("join", three),
    ]
    reading.presence(Presence("leave", two))
    assert reading.members == {"3": three}
