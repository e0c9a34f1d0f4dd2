# SPDX-License-Identifier: MIT
"""Which URLs are a room's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.client.errors import BadRequest, BadType
from wsecho.client.room_url import http_url
from wsecho.core.wire.names import parse_room, room_segment


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("http://h/broadcast/lobby", "http://h/broadcast/lobby"),
        ("HTTPS://Example.org:8443/broadcast/lobby", "https://Example.org:8443/broadcast/lobby"),
        ("ws://[::1]:80/broadcast/a", "http://[::1]:80/broadcast/a"),
        ("wss://h/mounted/here/broadcast/a", "https://h/mounted/here/broadcast/a"),
        ("http://h/broadcast/two words", "http://h/broadcast/two%20words"),
        ("http://h/broadcast/日", "http://h/broadcast/%E6%97%A5"),
        ("http://h/broadcast/a%2Fb%3f", "http://h/broadcast/a%2Fb%3F"),
        ("http://h/broadcast/100%", "http://h/broadcast/100%25"),
        ("http://h/broadcast/a?token=x.y.z", "http://h/broadcast/a?token=x.y.z"),
        ("http://bücher.example/broadcast/a", None),
    ],
)
def test_the_url_of_a_room(url: str, written: str | None) -> None:
    """Goes on as one of HTTP, its room written in one way."""
    if written is None:
        with pytest.raises(BadRequest, match="percent-encoded"):
            http_url(url)
    else:
        assert http_url(url) == written


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "url does not begin with http"),
        ("lobby", "url does not begin with http"),
        ("//h/broadcast/a", "url does not begin with http"),
        ("ftp://h/broadcast/a", "url does not begin with http"),
        ("file:///broadcast/a", "url does not begin with http"),
        ("http:///broadcast/a", "url names no host"),
        ("http:broadcast/a", "url names no host"),
        ("http://h:port/broadcast/a", "url names a host or port that is none"),
        ("http://h:70000/broadcast/a", "url names a host or port that is none"),
        ("http://[::1/broadcast/a", "url names a host or port that is none"),
        ("http://a..b/broadcast/a", "url names a host or port that is none"),
        (f"http://{'a' * 64}/broadcast/a", "url names a host or port that is none"),
        ("http://ann@h/broadcast/a", "url has a user name or a password"),
        ("http://ann:secret@h/broadcast/a", "url has a user name or a password"),
        ("http://:@h/broadcast/a", "url has a user name or a password"),
        ("http://h/broadcast/a#b", "url has a fragment"),
        ("http://h/", "url does not end with /broadcast/ROOM"),
        ("http://h/broadcast", "url does not end with /broadcast/ROOM"),
        ("http://h/broadcast/", "url does not end with /broadcast/ROOM"),
        ("http://h/broadcast/a/members", "url does not end with /broadcast/ROOM"),
        ("http://h/echo", "url does not end with /broadcast/ROOM"),
        ("http://h/broadcast/%00", "url: the room's name has control characters"),
        ("http://h/broadcast/..", "url: a room cannot be named '..'"),
        ("http://h/broadcast/%ff", "url: the room's name is not UTF-8"),
        (f"http://h/broadcast/{'x' * 201}", "url: the room's name has 201 characters"),
        (" http://h/broadcast/a", "url has spaces around it, or control characters"),
        ("http://h/broadcast/a\r\nX-Header: y", "url has spaces around it, or control characters"),
        ("http://h/broad\tcast/a", "url has spaces around it, or control characters"),
        ("http://h/broadcast/a?b c", "url has characters that are to be percent-encoded"),
        ("http://h/ü/broadcast/a", "url has characters that are to be percent-encoded"),
    ],
)
def test_what_is_no_url_of_a_room(url: str, reason: str) -> None:
    """Is said so at once, in one line that shows no secret."""
    with pytest.raises(BadRequest) as caught:
        http_url(url)
    assert caught.value.reason.startswith(reason)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", [None, 5, b"http://h/broadcast/a"])
def test_what_is_no_string(url: object) -> None:
    """Is a TypeError, and names its type."""
    with pytest.raises(BadType, match=f"url is no string, but {type(url).__name__}"):
        http_url(url)  # type: ignore[arg-type]


@given(room=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200))
def test_each_room_has_a_url(room: str) -> None:
    """That leads back to it."""
    if room in {".", ".."}:
        return
    segment = room_segment(room)
    assert http_url(f"ws://h/broadcast/{segment}") == f"http://h/broadcast/{segment}"
    assert parse_room(segment) == room


@given(url=st.text() | st.text().map("http://{}".format) | st.text().map("http://h/{}".format))
def test_any_text_is_a_url_or_is_refused(url: str) -> None:
    """And what is taken can stand in a request's head."""
    try:
        written = http_url(url)
    except BadRequest:
        return
    assert written.isascii()
    assert written.isprintable()
    assert " " not in written
