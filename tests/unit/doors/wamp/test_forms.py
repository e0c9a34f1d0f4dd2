# SPDX-License-Identifier: MIT
"""Single and batched messages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.doors.wamp.harness import FORMS, read, write
from wsecho.doors.wamp.forms import SUBPROTOCOLS, make_form
from wsecho.doors.wamp.unfit import MalformedError
from wsecho.router.wire.outgoing import published

BATCHED = [form for form in FORMS if form.endswith("batched")]
# A text that begins with U+0000 is binary in JSON.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
MESSAGES = st.lists(
    st.lists(st.integers(0, 99) | TEXTS, min_size=1, max_size=3),
    min_size=1,
    max_size=4,
)


def test_every_form_is_known() -> None:
    """By its subprotocol's name."""
    assert set(SUBPROTOCOLS) == set(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_understood_by_others(name: str) -> None:
    """What is written is what the format's own library reads."""
    form = make_form(name)
    written = [form.write(published(1, 2))]
    assert read(name, form.join(written)) == [[17, 1, 2]]


@pytest.mark.parametrize("name", FORMS)
def test_a_frame_is_made_once_for_all_who_speak_alike(name: str) -> None:
    """Two peers get the same bytes, not equal ones."""
    message = published(1, 2)
    first, second = (make_form(name).framing.frame(message) for _ in range(2))
    assert first is second
    assert first[2:] == make_form(name).join([make_form(name).write(message)])


def test_a_frame_is_not_taken_from_another_form() -> None:
    """One message to peers of every form: each reads its own."""
    message = published(1, 2)
    for name in FORMS:
        assert read(name, make_form(name).framing.frame(message)[2:]) == [[17, 1, 2]]


def test_frames_keep_to_the_separator_of_each_peer() -> None:
    """A message that goes to two JSON batches with different separators has two frames."""
    message, by_autobahn = published(1, 2), make_form("wamp.2.json.batched")
    by_autobahn.read(b"[1]\x18")
    assert by_autobahn.framing.frame(message)[2:] == b"[17,1,2]\x18"
    assert make_form("wamp.2.json.batched").framing.frame(message)[2:] == b"[17,1,2]\x1e"


@given(st.sampled_from(BATCHED), MESSAGES)
def test_all_messages_of_a_batch_are_read(name: str, messages: list[Any]) -> None:
    """In order."""
    assert make_form(name).read(write(name, *messages)) == messages


def test_batches_go_out_as_one() -> None:
    """Each message as it is written by itself."""
    for name in BATCHED:
        form = make_form(name)
        batch = form.join([form.write(published(1, 2)), form.write(published(3, 4))])
        assert read(name, batch) == [[17, 1, 2], [17, 3, 4]]


def test_the_separator_of_the_peer_is_answered() -> None:
    """0x1e by the specification, 0x18 of Autobahn|Python; until it speaks, the former."""
    form = make_form("wamp.2.json.batched")
    assert form.join([b"[1]"]) == b"[1]\x1e"
    assert form.read(b"[1]\x18[2]\x18") == [[1], [2]]
    assert form.join([b"[1]", b"[2]"]) == b"[1]\x18[2]\x18"
    assert make_form("wamp.2.json.batched").join([b"[1]"]) == b"[1]\x1e"


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("wamp.2.json.batched", b""),
        ("wamp.2.json.batched", b"[1]\x1e\x1e"),
        ("wamp.2.json.batched", b"[1]\x1e[2\x1e"),
        ("wamp.2.msgpack.batched", b"\0\0\0"),
        ("wamp.2.msgpack.batched", b"\0\0\0\x09\x91\x01"),
        ("wamp.2.msgpack.batched", b"\0\0\0\0"),
    ],
)
def test_what_is_no_batch(name: str, octets: bytes) -> None:
    """An empty message, one that is broken, a length that leads past the end."""
    with pytest.raises(MalformedError):
        make_form(name).read(octets)
