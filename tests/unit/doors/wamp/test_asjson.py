# SPDX-License-Identifier: MIT
"""JSON: what it says of binary and of texts that look so, and what is fit to be read."""

import json

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.doors.wamp.asjson import JSON
from wsecho.doors.wamp.objects import MESSAGE_PACK
from wsecho.doors.wamp.unfit import NO_TEXT, Unfit
from wsecho.router import CannotCarryError


@pytest.mark.parametrize("text", ['a"\0b', '",\0', "a\0b", '\\"\0'])
def test_u0000_within_a_text_is_no_sign_of_binary(text: str) -> None:
    """Nor is a quote before it."""
    assert json.loads(JSON.serialize([1, text])) == [1, text]


def test_binary_of_one_message_excuses_no_text_of_another() -> None:
    """A text that begins with U+0000 is refused, also after messages with binary."""
    for _ in range(3):
        assert json.loads(JSON.serialize([1, b"x"])) == [1, "\0eA=="]
    with pytest.raises(CannotCarryError):
        JSON.serialize([1, "\0eA=="])
    with pytest.raises(CannotCarryError):
        JSON.serialize([1, b"x", "\0eA=="])


def test_a_rooms_text_that_begins_with_u0000_goes_as_binary() -> None:
    """With the keyword `text`, so that a JSON member can tell (wire.md)."""
    event = [36, 1, 2, {}, ["\0abc"], {"position": "e:1"}]
    kind, _, _, _, args, kwargs = json.loads(JSON.serialize(event))
    assert (kind, args, kwargs) == (36, ["\0AGFiYw=="], {"position": "e:1", "text": True})
    assert msgpack.unpackb(MESSAGE_PACK.serialize(event)) == event
    assert event[4] == ["\0abc"]


@given(st.text(st.characters(min_codepoint=0xD700, max_codepoint=0xE100), max_size=6))
def test_in_json_a_text_is_fit_where_it_can_be_utf8(text: str) -> None:
    """However it is escaped: pairs are one character, halves none."""
    octets = json.dumps([1, text, {text: None}]).encode("ascii")
    found = JSON.unserialize(octets)
    try:
        json.loads(octets)[1].encode("utf-8")
    except UnicodeEncodeError:
        assert found == Unfit(json.loads(octets), NO_TEXT)
    else:
        assert found == json.loads(octets)
        assert isinstance(found, list)
        assert JSON.serialize(found)


@pytest.mark.parametrize(
    "octets", [b'["\\\\ud83d"]', b'["\\ud83d\\ude00"]', b"[1e308]", b'["\\\\u0000x"]']
)
def test_what_only_looks_unfit(octets: bytes) -> None:
    """An escaped backslash, a whole pair, the largest numbers."""
    assert JSON.unserialize(octets) == json.loads(octets)
