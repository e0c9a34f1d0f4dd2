# SPDX-License-Identifier: MIT
"""What a head says of the body behind it: nothing that two parsers might read differently."""

import pytest

from wsecho.core.http.incoming import Incoming
from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import (
    BadRequest,
    NotExpected,
    TooLarge,
    Unimplemented,
    WireError,
    WrongType,
)


def incoming(*fields: tuple[str, str], version: str = "1.1") -> Incoming:
    """A request with these fields."""
    return Incoming.of(RequestHead("POST", "/", version, (("host", "x"), *fields)))


def length(value: str) -> tuple[str, str]:
    """A `Content-Length`."""
    return "content-length", value


def coding(value: str) -> tuple[str, str]:
    """A `Transfer-Encoding`."""
    return "transfer-encoding", value


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], 0),
        ([length("0")], 0),
        ([length("5")], 5),
        ([length("0005")], 5),
        ([length("0" * 5_000)], 0),
        ([length("9" * 18)], 10**18 - 1),
        ([coding("chunked")], None),
        ([coding("Chunked")], None),
    ],
)
def test_the_length_of_a_body(fields: list[tuple[str, str]], expected: int | None) -> None:
    """None stands for chunks."""
    assert incoming(*fields).length == expected


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ([length("")], BadRequest),
        ([length("+5")], BadRequest),
        ([length("-5")], BadRequest),
        ([length("5 5")], BadRequest),
        ([length("5,5")], BadRequest),
        ([length("5, 6")], BadRequest),
        ([length("5"), length("5")], BadRequest),
        ([length("0x5")], BadRequest),
        ([length("5_0")], BadRequest),
        ([length("5.0")], BadRequest),
        ([length("\xb2")], BadRequest),
        ([length("9" * 19)], TooLarge),
        ([length("9" * 5_000)], TooLarge),
        ([coding("")], BadRequest),
        ([coding("identity")], BadRequest),
        ([coding("gzip")], BadRequest),
        ([coding("xchunked")], BadRequest),
        ([coding("chunked, identity")], BadRequest),
        ([coding("chunked, gzip")], BadRequest),
        ([coding("chunked, chunked")], BadRequest),
        ([coding("chunked"), coding("chunked")], BadRequest),
        ([coding("chunked"), coding("identity")], BadRequest),
        ([coding("chunked"), coding("")], BadRequest),
        ([coding("chunked,")], BadRequest),
        ([coding(",chunked")], BadRequest),
        ([coding('"chunked"')], BadRequest),
        ([coding("chunked;q=1")], BadRequest),
        ([coding("\x0bchunked")], BadRequest),
        ([coding("chunked\x00")], BadRequest),
        ([coding("ch unked")], BadRequest),
        ([coding("a b, chunked")], BadRequest),
        ([coding("gzip, chunked")], Unimplemented),
        ([coding("identity"), coding("chunked")], Unimplemented),
        ([coding("chunked"), length("5")], BadRequest),
        ([length("5"), coding("chunked")], BadRequest),
        ([length("0"), coding("gzip, chunked")], BadRequest),
    ],
)
def test_a_doubtful_length_is_refused(
    fields: list[tuple[str, str]], error: type[WireError]
) -> None:
    """RFC 9112 sections 6.1 and 6.3."""
    with pytest.raises(error):
        incoming(*fields)


def test_http_1_0_has_no_chunks() -> None:
    """Whoever says so may mean another thing (RFC 9112 section 6.1)."""
    for fields in ([coding("chunked")], [coding("chunked"), length("5")], [coding("identity")]):
        with pytest.raises(BadRequest):
            incoming(*fields, version="1.0")


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ([], False),
        ([length("5")], False),
        ([length("5"), ("expect", "100-continue")], True),
        ([length("5"), ("expect", "100-Continue")], True),
        ([length("5"), ("expect", "100-continue"), ("expect", "100-continue")], True),
        ([coding("chunked"), ("expect", "100-continue")], True),
        ([("expect", "100-continue")], False),
        ([length("5"), ("expect", "")], False),
    ],
)
def test_a_client_may_wait_to_be_asked_for_a_body(
    fields: list[tuple[str, str]], *, waits: bool
) -> None:
    """Where there is one (RFC 9110 section 10.1.1)."""
    assert incoming(*fields).waits is waits
    assert (
        incoming(*(f for f in fields if f[0] != "transfer-encoding"), version="1.0").waits is False
    )


@pytest.mark.parametrize("value", ["101-continue", "100-continue, x=y", "100-continue;q=1", "x"])
def test_other_expectations_are_not_met(value: str) -> None:
    """Body or no body; HTTP/1.0 has none."""
    for fields in ([], [length("5")]):
        with pytest.raises(NotExpected):
            incoming(*fields, ("expect", value))
        assert not incoming(*fields, ("expect", value), version="1.0").waits


@pytest.mark.parametrize("value", ["gzip", "GZIP", "identity, br", "x", "gzip, identity"])
def test_a_body_in_a_coding_is_not_taken(value: str) -> None:
    """The answer says what is; where there is no body there is nothing to read."""
    for body in (length("5"), coding("chunked")):
        with pytest.raises(WrongType) as caught:
            incoming(body, ("content-encoding", value)).check_coding()
        assert caught.value.headers == (("Accept-Encoding", "identity"),)
    incoming(("content-encoding", value)).check_coding()


@pytest.mark.parametrize("value", ["", "identity", "Identity", "identity, identity"])
def test_a_body_that_is_as_it_is_passes(value: str) -> None:
    """However it says so."""
    incoming(length("5"), ("content-encoding", value)).check_coding()
