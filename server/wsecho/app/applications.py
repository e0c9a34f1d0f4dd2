# SPDX-License-Identifier: MIT
"""The applications beside the server: loaded at the start, and what they may do with it."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, TypeVar

from attrs import frozen
from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from wsecho import hooks
from wsecho.bus.deferreds import deferred_of
from wsecho.config.config import Config, ConfigError
from wsecho.core.promise import Later, when
from wsecho.core.rooms.presence import Card
from wsecho.core.rooms.retries import Keyed, check_key
from wsecho.core.wire.errors import BadRequest, WireError
from wsecho.core.wire.names import check_room
from wsecho.core.wire.positions import Position
from wsecho.core.wire.timestamps import rfc3339
from wsecho.fanout.rooms import Rooms
from wsecho.hooks.loading import AppError, load_app

_OURS: Final = "\0application"
"""Whose idempotency keys an application's are: no caller has such a name."""

T = TypeVar("T")


def load_apps(config: Config) -> tuple[object, ...]:
    """Import the applications of the options, in their order.

    Raises:
        ConfigError: one cannot be imported, or is none.
    """
    return tuple(_load(name) for name in config.app)


def _load(name: str) -> object:
    try:
        return load_app(name)
    except AppError as error:
        raise ConfigError("app", name, str(error)) from None


def give_server(apps: Sequence[object], rooms: Rooms) -> None:
    """Let applications use the server.

    Raises:
        ConfigError: one has no place for it.
    """
    server = RoomServer(rooms)
    for app in apps:
        place: Any = app
        try:
            place.server = server
        except AttributeError as error:
            reason = f"its attribute `server` cannot be set: {error}"
            raise ConfigError("app", type(app).__qualname__, reason) from None


@frozen
class RoomServer:
    """The server, as applications use it: `hooks.Server` over the rooms. They are not asked.

    Args:
        rooms: the rooms.
    """

    _rooms: Rooms

    def publish(self, room: str, data: str | bytes, key: str | None = None) -> Deferred[Position]:
        """Say something in a room; see `hooks.Server`."""
        return _begin(partial(self._publish, room, data, key))

    def members(self, room: str) -> Deferred[Sequence[hooks.Member]]:
        """Return who is in a room; see `hooks.Server`."""
        return _begin(partial(self._members, room))

    def _publish(self, room: str, data: str | bytes, key: str | None) -> Later[Position]:
        check_room(room)
        if not isinstance(data, str | bytes):
            raise BadRequest("what is said is neither str nor bytes")
        payload = data.encode() if isinstance(data, str) else data
        keyed = None if key is None else Keyed(check_key(key), _OURS)
        said = self._rooms.publish(room, payload, is_binary=isinstance(data, bytes), keyed=keyed)
        return when(said, lambda receipt: receipt.position)

    def _members(self, room: str) -> Later[Sequence[hooks.Member]]:
        check_room(room)
        there = self._rooms.attach(room)
        return when(there, lambda _: [describe_card(card) for card in self._rooms.members(room)])


def describe_card(card: Card) -> hooks.Member:
    """Return how applications see a member."""
    return hooks.Member(card.id, card.name, card.door, rfc3339(card.since))


def _begin(call: Any) -> Deferred[Any]:
    """Begin something for an application, and fail in its own terms."""
    try:
        outcome: Later[Any] = call()
    except WireError as error:
        return fail(_in_hooks_terms(error))
    except UnicodeEncodeError:
        return fail(ValueError("the text is no Unicode text: it has half a surrogate pair"))
    return deferred_of(outcome).addErrback(_failed)


def _failed(failure: Failure) -> Deferred[Any]:
    assert isinstance(failure.value, Exception)  # noqa: S101  # a promise fails by none else
    return fail(_in_hooks_terms(failure.value))


def _in_hooks_terms(error: Exception) -> Exception:
    if isinstance(error, BadRequest):
        return ValueError(error.reason)
    if isinstance(error, WireError):
        return hooks.Unavailable(error.reason)
    return error
