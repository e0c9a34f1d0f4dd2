# SPDX-License-Identifier: MIT
"""A message as it stands in the log and on the channel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.bus.redis.rooms.records import read_entry, read_notice, write_head
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.room import PublishRequest

IDS = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
NAMES = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
AUTHORS = st.none() | st.builds(Author, IDS, NAMES)
SAID = st.builds(
    PublishRequest, st.binary(), st.booleans(), st.integers(1, 1 << 53), author=AUTHORS
)


def logged_body(said: PublishRequest, tag: bytes, note: bytes = b"") -> bytes:
    """What Redis makes of it."""
    return b"1700000000.000123 %s%s %s" % (write_head(said, tag), note, said.payload)


@given(SAID)
def test_a_record_comes_back_as_it_went(said: PublishRequest) -> None:
    """Whatever is in it."""
    logged = read_notice(b"m e-_1 12 " + logged_body(said, b"node:7"))
    message = logged.message
    assert (message.payload, message.is_binary, message.publication, message.author) == (
        said.payload,
        said.is_binary,
        said.publication,
        said.author,
    )
    assert (str(message.position), message.time) == ("e-_1:12", 1700000000.000123)
    assert logged.tag == b"node:7"


@given(SAID)
def test_a_time_that_is_shown_is_not_the_one_that_its_age_counts_from(said: PublishRequest) -> None:
    """Redis's clock was set back."""
    logged = read_entry("e", 1, logged_body(said, b"node:7", b";t1800000000.5"))
    assert (logged.message.time, logged.message.taken) == (1800000000.5, 1700000000.000123)
    assert (logged.message.author, logged.tag) == (said.author, b"node:7")


def read_as_before(body: bytes) -> tuple[float, int, bytes, bytes, bytes]:
    """Read a record as nodes did before there were notes; what they did with each part."""
    time, publication, flags, tag, payload = body.split(b" ", 4)
    return float(time), int(publication), flags, tag, payload


@given(SAID, st.sampled_from([b"", b";t1800000000.5", b";zwhatever;x"]))
def test_a_node_that_knows_no_notes_reads_it_all_the_same(
    said: PublishRequest, note: bytes
) -> None:
    """It takes them for part of a tag, and so of another node's."""
    kind = b"b" if said.is_binary else b"t"
    body = logged_body(said, b"node:7", note)
    time, publication, flags, tag, payload = read_as_before(body)
    assert (time, publication, flags, payload) == (
        1700000000.000123,
        said.publication,
        kind,
        said.payload,
    )
    assert tag.startswith(b"node:7")
    assert read_entry("e", 1, body).tag == b"node:7"


@pytest.mark.parametrize("tag", [b"-", b"node:7", b"a_b-c:12"])
def test_what_a_node_wrote_that_knows_no_notes_has_no_author(tag: bytes) -> None:
    """And is shown at the time at which Redis took it."""
    logged = read_entry("e", 1, b"1700000000.5 7 t %s text; i n t" % tag)
    assert (logged.message.time, logged.message.author) == (1700000000.5, None)
    assert (logged.tag, logged.message.payload) == (tag, b"text; i n t")


def test_a_note_that_is_not_known_is_passed_over() -> None:
    """A later version may have more of them."""
    logged = read_entry("e", 1, b"1.0 7 t -;zwhat;iann;nQW5u;; x")
    assert (logged.message.author, logged.tag) == (Author("ann", "Ann"), b"-")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not enough values"),
        (b"0 1 t", "not enough values"),
        (b"0 x t - text", "invalid literal"),
        (b"x 1 t - text", "could not convert"),
        (b"0 1 t -;tx text", "could not convert"),
        (b"0 1 t -;ia;n= text", "not base64url"),
        (b"0 1 t -;ia;n_w text", "invalid"),
    ],
)
def test_what_is_malformed_is_none(body: bytes, reason: str) -> None:
    """Somebody else wrote it."""
    with pytest.raises(ValueError, match=reason):
        read_entry("e", 1, body)
    with pytest.raises(ValueError, match=reason):
        read_notice(b"m e 1 " + body)
