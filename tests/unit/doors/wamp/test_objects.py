# SPDX-License-Identifier: MIT
"""The three forms of one message: what each carries, what it refuses."""

import json
from typing import Any

import cbor2
import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsecho.doors.wamp.objects import CBOR, JSON, MESSAGE_PACK, MalformedError, ObjectSerializer
from wsecho.router import CannotCarryError

TEXTS = st.text(max_size=8) | st.text('"\\\0,[{:x', max_size=6)
PLAIN = st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | TEXTS
VALUES = st.recursive(
    PLAIN | st.binary(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ALL: list[ObjectSerializer] = [JSON, MESSAGE_PACK, CBOR]


def begins_with_nul(value: object) -> bool:
    """Whether a text or key somewhere in it begins with U+0000."""
    if isinstance(value, dict):
        return any(begins_with_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(begins_with_nul(part) for part in value)
    return isinstance(value, str) and value.startswith("\0")


@settings(max_examples=30)
@given(st.sampled_from(ALL), st.lists(VALUES, min_size=1, max_size=4))
def test_what_is_written_is_read_again(form: ObjectSerializer, message: list[Any]) -> None:
    """Binary in JSON too; JSON refuses nothing but a text that would be read as binary."""
    try:
        octets = form.serialize([1, *message])
    except CannotCarryError:
        assert form is JSON
        assert begins_with_nul(message)
        return
    assert form is not JSON or not begins_with_nul(message)
    assert form.unserialize(octets) == [1, *message]


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (JSON, float("nan")),
        (JSON, float("inf")),
        (JSON, "\0abc"),
        (JSON, {"\0abc": 1}),
        (JSON, "\ud800"),
        (JSON, object()),
        (MESSAGE_PACK, 1 << 64),
        (MESSAGE_PACK, "\ud800"),
        (CBOR, object()),
    ],
)
def test_what_a_form_cannot_carry(form: ObjectSerializer, value: object) -> None:
    """It is refused, not bent."""
    with pytest.raises(CannotCarryError):
        form.serialize([48, 1, {}, "com.example.x", [value]])


@pytest.mark.parametrize("form", ALL)
def test_a_list_that_holds_itself_cannot_be_carried(form: ObjectSerializer) -> None:
    """No client can send one, but a procedure of the server's own could return it."""
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(CannotCarryError):
        form.serialize([50, 1, {}, circle])


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


@pytest.mark.parametrize(
    ("form", "octets"),
    [
        (JSON, b""),
        (JSON, b"[1,"),
        (JSON, b"[1] []"),
        (JSON, b"[NaN]"),
        (JSON, b"[-Infinity]"),
        (JSON, b'["\xff"]'),
        (JSON, b"[" * 100_000),
        (JSON, b"[1" + b"0" * 5000 + b"]"),
        (JSON, b'["\\u0000no base64"]'),
        (MESSAGE_PACK, b""),
        (MESSAGE_PACK, b"\x92\x01"),
        (MESSAGE_PACK, b"\x01\x01"),
        (MESSAGE_PACK, b"\xc1"),
        (MESSAGE_PACK, b"\x81\x90\x01"),
        (MESSAGE_PACK, b"\xa1\xff"),
        (MESSAGE_PACK, b"\xdd\xff\xff\xff\xff"),
        (MESSAGE_PACK, b"\x91" * 100_000),
        (CBOR, b""),
        (CBOR, b"\x82\x01"),
        (CBOR, b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"),
        (CBOR, b"\x61\xff"),
        (CBOR, b"\x81" * 100_000),
        (CBOR, b"\xc0\x61x"),
    ],
)
def test_what_is_no_message(form: ObjectSerializer, octets: bytes) -> None:
    """Cut off, too deep, not UTF-8, a number without end, a tag over nonsense."""
    with pytest.raises(MalformedError):
        form.unserialize(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"\xd8\x1c\x82\xd8\x1c\x81\x01\xd8\x1d\x01",
        b"\x81\xda\x00\x00\x00\x1c\x81\x01",
        b"\xd9\x01\x00\x82\x65hello\xd8\x19\x00",
    ],
)
def test_cbor_has_no_references(octets: bytes) -> None:
    """A hundred octets of them unfold into gigabytes for whoever speaks JSON."""
    assert cbor2.loads(octets)
    with pytest.raises(MalformedError):
        CBOR.unserialize(octets)


@pytest.mark.parametrize("key", [1, None, True, 1.5, (1, 2)])
def test_what_is_not_named_by_strings_is_no_message(key: object) -> None:
    """Relayed, it would end the session of whoever reads MessagePack with Autobahn|Python."""
    for octets, form in (
        (msgpack.packb([1, [{key: "x"}]]), MESSAGE_PACK),
        (cbor2.dumps([1, [{key: "x"}]]), CBOR),
    ):
        with pytest.raises(MalformedError):
            form.unserialize(octets)


def test_undefined_is_null_where_there_is_no_such_thing() -> None:
    """JavaScript's clients write it for options and arguments that they left out."""
    for form in (MESSAGE_PACK, CBOR):
        message = form.unserialize(form.serialize([1, cbor2.undefined]))
        assert message == [1, cbor2.undefined]
    assert MESSAGE_PACK.unserialize(b"\x92\x01\xd4\0\0") == [1, cbor2.undefined]
    assert JSON.serialize([1, cbor2.undefined]) == b"[1,null]"


def test_a_messagepack_extension_is_messagepacks_alone() -> None:
    """Python's class for it is a tuple, which the others would write as a list."""
    octets = msgpack.packb([1, msgpack.ExtType(5, b"x")])
    message = MESSAGE_PACK.unserialize(octets)
    assert isinstance(message, list)
    assert MESSAGE_PACK.serialize(message) == octets
    for form in (JSON, CBOR):
        with pytest.raises(CannotCarryError):
            form.serialize(message)
