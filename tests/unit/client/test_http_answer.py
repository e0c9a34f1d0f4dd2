# SPDX-License-Identifier: MIT
"""What each answer to a POST means."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.client import errors
from wsecho.client.http_answer import Passing, read_answer
from wsecho.client.http_post import HttpAnswer
from wsecho.core.wire.errors import WireError
from wsecho.core.wire.positions import Position

HTML = b"<html>no</html>"


def ours(code: str, reason: str = "because") -> bytes:
    """An error as wsecho writes it."""
    return json.dumps({"error": {"code": code, "reason": reason}}).encode()


def read(status: int, body: bytes = HTML, **headers: str) -> Position:
    """Read an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_answer(HttpAnswer(status, named, body), now=0)


@pytest.mark.parametrize("status", [200, 201])
def test_a_position(status: int) -> None:
    """Is where the message stands."""
    assert read(status, b'{"position":"e:7"}') == Position("e", 7)


@pytest.mark.parametrize("body", [HTML, b"", b"[]", b"{}", b'{"position":7}', b'{"position":"7"}'])
def test_an_answer_without_a_position(body: bytes) -> None:
    """Is none of wsecho's."""
    with pytest.raises(errors.NotWsecho, match="HTTP 201, without a position"):
        read(201, body)


@pytest.mark.parametrize("body", [HTML, ours("x")])
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 520, 599])
def test_what_passes(status: int, body: bytes) -> None:
    """Is to be said again, whoever answered so, after what was asked for."""
    with pytest.raises(Passing) as caught:
        read(status, body, Retry_After="7")
    assert caught.value.retry_after == 7
    assert caught.value.reason == ("because" if body != HTML else f"the answer is HTTP {status}")


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, errors.Unauthorized), (403, errors.Forbidden), (413, errors.TooLarge)],
)
@pytest.mark.parametrize("body", [HTML, ours("x")])
def test_what_anybody_means_the_same_by(
    status: int, error: type[errors.Error], body: bytes
) -> None:
    """A proxy that asks for a password, or takes no large bodies, too."""
    with pytest.raises(error):
        read(status, body)


@pytest.mark.parametrize("status", [400, 404, 405, 411, 415, 422, 431])
def test_what_does_not_pass(status: int) -> None:
    """Is a bad request where wsecho says so, else nothing of wsecho's."""
    with pytest.raises(errors.BadRequest, match="because"):
        read(status, ours("x"))
    with pytest.raises(errors.NotWsecho, match=f"HTTP {status} from 'nginx'"):
        read(status, Server="nginx")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 501, 505, 600, 999])
def test_what_wsecho_never_answers(status: int) -> None:
    """A redirection names where it leads, and is not followed."""
    with pytest.raises(errors.NotWsecho, match=f"HTTP {status}"):
        read(status, HTML)
    with pytest.raises(errors.NotWsecho, match="which names 'https://h/x'"):
        read(308, HTML, Location="https://h/x")


def test_every_error_of_the_server_s() -> None:
    """That has a status of its own is told as one that passes or does not, by its reason."""
    found = [WireError]
    for error in found:
        found += error.__subclasses__()
    for error in found:
        if hasattr(error, "status"):
            with pytest.raises((Passing, errors.Error)) as caught:
                read(error.status, ours(error.code))
            assert caught.value.args == ("because",)


@given(
    status=st.integers(100, 999),
    body=st.binary()
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["error", "position", "code", "reason"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode()),
)
def test_any_answer_means_something(status: int, body: bytes) -> None:
    """And nothing else is raised."""
    with suppress(Passing, errors.Error):
        read(status, body)
