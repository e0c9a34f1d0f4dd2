# SPDX-License-Identifier: MIT
"""Applications are loaded by the options, and use the server."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.unit.fanout.test_rooms import Member, make
from wsecho import hooks
from wsecho.app.applications import RoomServer, give_server, load_apps
from wsecho.config.config import Config, ConfigError
from wsecho.core.promise import Promise
from wsecho.core.wire.errors import BusTimeout
from wsecho.hooks import Visit
from wsecho.hooks.awaiting import value_of


class Chat:
    """An application."""

    server: hooks.Server

    def joining(self, visit: Visit, room: str) -> None:
        """Let in."""


class Slotted:
    """One without a place for the server."""

    __slots__ = ()

    def joining(self, visit: Visit, room: str) -> None:
        """Let in."""


def outcome(deferred: Deferred[Any]) -> Any:
    """What a Deferred has come to, an error too."""
    found: list[Any] = []
    deferred.addBoth(found.append)
    [result] = found
    return getattr(result, "value", result)


def test_all_are_loaded_in_their_order() -> None:
    """Each anew."""
    name = f"{__name__}:Chat"
    first, second = load_apps(Config(app=(name, name)))
    assert type(first) is type(second) is Chat
    assert first is not second


def test_one_that_is_none_ends_the_start() -> None:
    """In one line that names it."""
    with pytest.raises(ConfigError, match=r"--app nowhere:App: ModuleNotFoundError") as error:
        load_apps(Config(app=("nowhere:App",)))
    assert error.value.status == 1
    with pytest.raises(ConfigError, match="cannot be set"):
        give_server([Slotted()], make(Clock()))


def test_an_application_says_something() -> None:
    """Text and binary, with a key once."""
    rooms = make(Clock())
    give_server([app := Chat()], rooms)
    member = Member()
    rooms.join("a", member)
    first = outcome(app.server.publish("a", "hello", key="k"))  # type: ignore[arg-type]
    assert outcome(app.server.publish("a", "hello", key="k")) == first  # type: ignore[arg-type]
    outcome(app.server.publish("a", b"bytes"))  # type: ignore[arg-type]
    assert member.texts == ["hello", "bytes"]
    assert (first.offset, rooms.read("a").position.offset) == (1, 2)


def test_it_can_be_awaited() -> None:
    """In a coroutine of an application, at once where it is known at once."""
    server = RoomServer(make(Clock()))

    async def say() -> Any:
        await server.publish("a", "hello")
        return await server.members("a")

    assert value_of(say()) == []


@pytest.mark.parametrize(
    ("room", "data", "key"),
    [("", "x", None), ("..", "x", None), ("a", 5, None), ("a", "x", ""), ("a", "\ud800", None)],
)
def test_what_means_nothing_is_a_value_error(room: str, data: Any, key: str | None) -> None:
    """Whatever of it."""
    error = outcome(RoomServer(make(Clock())).publish(room, data, key))
    assert isinstance(error, ValueError)


def test_a_key_that_was_used_is_a_value_error() -> None:
    """With another message."""
    server = RoomServer(make(Clock()))
    outcome(server.publish("a", "x", "k"))
    assert isinstance(outcome(server.publish("a", "y", "k")), ValueError)


def test_what_cannot_be_done_now_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once or later."""
    rooms, promise = make(Clock()), Promise[Any]()
    monkeypatch.setattr(rooms.bus, "publish", lambda *_: promise)
    heard: list[Any] = []
    RoomServer(rooms).publish("a", "x").addErrback(heard.append)
    promise.fail(BusTimeout())
    assert isinstance(heard[0].value, hooks.Unavailable)


def test_members_are_as_others_see_them() -> None:
    """Who came first first."""
    rooms = make(Clock())
    rooms.join("a", Member())
    [member] = outcome(RoomServer(rooms).members("a"))
    assert (member.door, member.since) == ("raw", "1970-01-01T00:16:40.000Z")
    assert outcome(RoomServer(rooms).members("b")) == []
    assert isinstance(outcome(RoomServer(rooms).members("")), ValueError)
