# SPDX-License-Identifier: MIT
"""Where a room is."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.client.address import Address
from wsecho.client.errors import BadRequest
from wsecho.core.http.queries import RoomQuery
from wsecho.core.wire.names import check_room, parse_room, room_segment
from wsecho.core.wire.positions import Position

SECRET = "a-secret-of-mine"
URL = "http://127.0.0.1:8080/broadcast/lobby"


class Query:
    """A query as the server reads it."""

    def __init__(self, url: str) -> None:
        self.parameters = parse_qs(urlsplit(url).query, keep_blank_values=True)

    def parameter(self, name: str) -> str | None:
        """The only one of its name."""
        found = self.parameters.get(name)
        return None if found is None else found[0]

    def flag(self, name: str, *, default: bool) -> bool:
        """0 or 1."""
        found = self.parameter(name)
        return default if found is None else {"0": False, "1": True}[found]


def test_it_is_read_by_websocket_and_posted_to_by_http() -> None:
    """Whichever of the schemes it was given with."""
    for scheme, secure in (("http", ""), ("ws", ""), ("https", "s"), ("wss", "s")):
        address = Address.parse(f"{scheme}://h:1/under/broadcast/a?x=1", SECRET)
        assert (address.room, address.is_secure) == ("a", bool(secure))
        reading = address.reading(None, None, presence=False)
        assert reading == f"ws{secure}://h:1/under/broadcast/a?x=1&member={SECRET}"
        assert address.posting == f"http{secure}://h:1/under/broadcast/a?x=1&member={SECRET}"


@given(st.none() | st.integers(0, 2**53 - 1), st.none() | st.integers(0, 9), st.booleans())
def test_the_server_reads_what_is_asked_for(
    offset: int | None, history: int | None, presence: bool
) -> None:
    """Each of them."""
    after = None if offset is None else Position("a_-Z", offset)
    url = Address.parse(URL, SECRET).reading(after, history, presence=presence)
    asked = RoomQuery.read(Query(url))  # type: ignore[arg-type]
    assert (asked.after, asked.history, asked.wants_presence) == (after, history, presence)
    assert Query(url).parameter("member") == SECRET


def room_names() -> st.SearchStrategy[str]:
    """Whatever may name a room."""

    def is_one(name: str) -> bool:
        try:
            return bool(check_room(name))
        except ValueError:
            return False
        except Exception:  # noqa: BLE001  # the server's own kind
            return False

    return st.text(max_size=20).filter(is_one)


@given(room_names())
def test_any_room_can_be_named(name: str) -> None:
    """Percent-encoded, and once."""
    address = Address.parse(f"http://h/broadcast/{room_segment(name)}", SECRET)
    assert address.room == name
    path = urlsplit(address.reading(None, None, presence=True)).path
    assert parse_room(path.rpartition("/")[2]) == name


@pytest.mark.parametrize(
    ("query", "argument"),
    [("after=a:1", "after"), ("history=", "history"), ("self=0", "own"), ("token=x", "token")],
)
def test_what_is_an_argument_is_no_part_of_the_url(query: str, argument: str) -> None:
    """The reason names it."""
    with pytest.raises(BadRequest, match=f"url .* give {argument} "):
        Address.parse(f"{URL}?{query}", SECRET)


def test_the_secret_is_not_in_its_repr() -> None:
    """What is logged must not have it."""
    assert SECRET not in repr(Address.parse(URL, SECRET))
