# SPDX-License-Identifier: MIT
"""The three forms of one message: what each carries, what it refuses."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import cbor2
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.doors.wamp.asjson import JSON
from wsecho.doors.wamp.nesting import CBOR_DEPTH, JSON_DEPTH, MESSAGE_PACK_DEPTH
from wsecho.doors.wamp.objects import CBOR, MESSAGE_PACK, ObjectSerializer
from wsecho.doors.wamp.unfit import NO_BINARY, NO_NUMBER, NO_TEXT, MalformedError, Unfit
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


@pytest.mark.parametrize(
    ("form", "octets"),
    [
        (JSON, b""),
        (JSON, b"[1,"),
        (JSON, b"[1] []"),
        (JSON, b"[NaN]"),
        (JSON, b"[-Infinity]"),
        (JSON, b"[" * 100_000),
        (MESSAGE_PACK, b""),
        (MESSAGE_PACK, b"\x92\x01"),
        (MESSAGE_PACK, b"\x01\x01"),
        (MESSAGE_PACK, b"\xc1"),
        (MESSAGE_PACK, b"\x81\x90\x01"),
        (MESSAGE_PACK, b"\xdd\xff\xff\xff\xff"),
        (MESSAGE_PACK, b"\x91" * 100_000),
        (CBOR, b""),
        (CBOR, b"\x82\x01"),
        (CBOR, b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"),
        (CBOR, b"\x81" * 100_000),
    ],
)
def test_what_is_no_message(form: ObjectSerializer, octets: bytes) -> None:
    """Cut off, too deep, without an end, with something behind it."""
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


HALF = [
    b'"\\ud83d"',
    b'"a\\uDE00b"',
    b'"\\ude00\\ud83d"',
    b'{"\\ud800":1}',
    b'[[{"a":"\\udfff"}]]',
    b'"\\\\\\ud83d"',
    b'"\xed\xa0\xbd"',
]


@pytest.mark.parametrize(
    ("form", "octets", "why"),
    [
        *((JSON, b"[1,%s]" % half, NO_TEXT) for half in HALF),
        *(
            (JSON, b"[1,%s]" % number, NO_NUMBER)
            for number in (b"1e400", b"-1.5E+999", b"1" + b"0" * 5000)
        ),
        *(
            (JSON, b'[1,"\\u0000%s"]' % text, NO_BINARY)
            for text in (b"no base64", b"AA", b"\\u00e9")
        ),
        (MESSAGE_PACK, b"\x92\x01\xa3\xed\xa0\xbd", NO_TEXT),
        (MESSAGE_PACK, b"\x92\x01\x81\xa1\xff\x01", NO_TEXT),
        (CBOR, b"\x82\x01\x63\xed\xa0\xbd", NO_TEXT),
        (CBOR, b"\x82\x01\xa1\x61\xff\x01", NO_TEXT),
    ],
)
def test_what_could_be_written_for_nobody_is_unfit(
    form: ObjectSerializer, octets: bytes, why: str
) -> None:
    """Half a pair of surrogates, no UTF-8, a number beyond all: it is read, to be refused."""
    found = form.unserialize(octets)
    assert isinstance(found, Unfit)
    assert found.why == why
    assert isinstance(found.message, list)
    assert found.message[0] == 1


@pytest.mark.parametrize(
    "key", [1, -1, None, True, 1.5, (1, 2), b"a", 1 << 70, datetime(2026, 1, 2, tzinfo=UTC)]
)
def test_what_is_not_named_by_strings_says_so(key: object) -> None:
    """Relayed, it would end the session of whoever reads MessagePack with Autobahn|Python."""
    value = [1, [{"good": {key: "x"}}]]
    written: list[tuple[bytes, ObjectSerializer]] = [(cbor2.dumps(value), CBOR)]
    with suppress(OverflowError, TypeError):  # what MessagePack has not
        written.append((msgpack.packb(value), MESSAGE_PACK))
    for octets, form in written:
        with pytest.raises(MalformedError, match="key that is not a string"):
            form.unserialize(octets)


def nested(depth: int, *, named: bool = False) -> Any:
    """Lists, or dictionaries, within one another."""
    value: Any = {} if named else []
    for _ in range(depth - 1):
        value = {"a": value} if named else [value]
    return value


BOUNDS = [(JSON, JSON_DEPTH), (MESSAGE_PACK, MESSAGE_PACK_DEPTH), (CBOR, CBOR_DEPTH)]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(("form", "most"), BOUNDS)
def test_nothing_is_written_that_is_too_deep_to_read(
    form: ObjectSerializer, most: int, *, named: bool
) -> None:
    """By libraries at their defaults; however much stands beside it."""
    read: dict[str, Any] = {"json": json.loads, "msgpack": msgpack.unpackb, "cbor": cbor2.loads}
    # The message, its arguments, and what they hold; other lists beside, and texts.
    beside = ["é[{" * 1000, b"\x81\xa1" * 1000, *[[n] for n in range(2000)]]
    message: list[Any] = [48, 1, {}, "a", [*beside, nested(most - 2, named=named)]]
    assert read[form.NAME](form.serialize(message))[4][-1]
    message[4].append(nested(most - 1, named=named))
    with pytest.raises(CannotCarryError):
        form.serialize(message)


@pytest.mark.parametrize("form", ALL)
def test_what_is_too_deep_to_be_read_says_so(form: ObjectSerializer) -> None:
    """Lists and dictionaries by the thousand."""
    octets = {
        "json": b"[" * 9000 + b"]" * 9000,
        "msgpack": b"\x91" * 9000 + b"\x90",
        "cbor": b"\x81" * 9000 + b"\x80",
    }
    with pytest.raises(MalformedError, match="nested deeper"):
        form.unserialize(octets[form.NAME])


def test_tags_count_as_levels() -> None:
    """`cbor2` counts them too."""
    tags: Any = 1
    for _ in range(CBOR_DEPTH - 1):
        tags = cbor2.CBORTag(99, tags)
    assert CBOR.unserialize(CBOR.serialize([tags])) == [tags]
    with pytest.raises(CannotCarryError):
        CBOR.serialize([cbor2.CBORTag(99, tags)])


def item(kind: int, number: int, rest: bytes = b"") -> bytes:
    """An item of a major type (RFC 8949 section 3): its head, and what belongs to it."""
    octets = bytearray(cbor2.dumps(number))
    octets[0] |= kind << 5
    return bytes(octets) + rest


ATOMS = (
    st.integers(0, 1 << 63).map(lambda number: item(0, number))
    | st.integers(0, 1 << 63).map(lambda number: item(1, number))
    | st.binary(max_size=4).map(lambda octets: item(2, len(octets), octets))
    | st.binary(max_size=4).map(lambda octets: item(3, len(octets), octets))
    | st.text(max_size=9).map(lambda text: item(3, len(text.encode()), text.encode()))
    | st.just("2026-01-02T03:04:05").map(lambda text: item(3, len(text), text.encode()))
    | st.sampled_from(
        [b"\xf4", b"\xf6", b"\xf7", b"\xf0", b"\xf8\x20", b"\xf9\x7e\x00", b"\xfb" + b"\x7f" * 8]
    )
)
TAGS = st.sampled_from(
    [
        *range(6),
        23,
        25,
        28,
        29,
        30,
        35,
        36,
        37,
        52,
        54,
        99,
        100,
        256,
        258,
        260,
        261,
        1004,
        43000,
        55799,
    ]
)
ITEMS = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: item(4, len(items), b"".join(items)))
        | st.lists(st.tuples(inner, inner), max_size=2).map(
            lambda pairs: item(5, len(pairs), b"".join(key + value for key, value in pairs))
        )
        | st.tuples(TAGS, inner).map(lambda tagged: item(6, *tagged))
    ),
    max_leaves=6,
)


@given(ITEMS)
def test_whatever_cbor_is_taken_can_be_written_again(octets: bytes) -> None:
    """Whatever its tags stand for: a date without a zone, a fraction by zero, an address."""
    try:
        value = CBOR.unserialize(item(4, 1, octets))
    except MalformedError as error:
        assert str(error) == "not CBOR" or "key that is not a string" in str(error)  # noqa: PT017
        return
    if not isinstance(value, Unfit):
        written = CBOR.serialize(value)  # type: ignore[arg-type]
        assert CBOR.serialize(CBOR.unserialize(written)) == written  # type: ignore[arg-type]


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
