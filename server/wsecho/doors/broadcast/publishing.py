# SPDX-License-Identifier: MIT
"""`POST`: say something in a room, or the same in many, and get to know where it stands."""

import json
from functools import partial
from typing import Any, Final

from wsecho.core.http.media import BINARY, JSON, content_type
from wsecho.core.http.requests import RequestHead
from wsecho.core.limits.admissions import counted_as
from wsecho.core.promise import Later, when
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.retries import NotSaid, Receipt, check_key
from wsecho.core.rooms.vocabulary import read_data
from wsecho.core.wire.errors import BadRequest, WrongType
from wsecho.core.wire.names import check_room, room_segment
from wsecho.core.wire.positions import Position
from wsecho.doors.broadcast.asked import Asked, write_json
from wsecho.doors.broadcast.pace import Pace
from wsecho.fanout.rooms import Rooms

MAX_ROOMS: Final = 1_000
"""Rooms that one message goes to at most."""


def check_publishing(asked: Asked, room: str | None, rooms: Rooms) -> None:
    """Look at a request whose body is yet to come.

    Args:
        asked: the request.
        room: what it is said in; None for many, which the body names.
        rooms: the rooms.

    Raises:
        Forbidden: the caller may not publish there.
        WrongType: the body is of a type that is not taken.
        BadRequest: the key is none.
    """
    if room is not None:
        rooms.check_publisher(room, asked.caller.grants)
    elif content_type(asked.request.head) not in {JSON, ""}:
        raise WrongType(f"the body is not {JSON}")
    idempotency_key(asked.request.head)


def publish(asked: Asked, room: str, rooms: Rooms, pace: Pace) -> Later[bytes]:
    """Say a request's body in a room.

    Raises:
        Forbidden: the caller may not publish there.
        BadRequest: the body is no text, or the key is none.
        KeyReusedError: something else was said under the key.
        OverRate: it comes too fast.
        OverLimit: there are too many rooms, or keys of the caller.
        BusUnavailable: it cannot be said now.
    """
    check_publishing(asked, room, rooms)
    key = idempotency_key(asked.request.head)
    payload = asked.body
    is_binary = content_type(asked.request.head) == BINARY
    if not is_binary:
        _check_text(payload)
    caller = asked.caller
    rooms.pace.foresee([room], publisher(caller), len(payload))
    pace.check(caller, len(payload))
    rooms.pace.check([room], publisher(caller), len(payload))
    receipt = rooms.publish(
        room, payload, is_binary=is_binary, keyed=caller.keyed(key), author=caller.author()
    )
    return when(receipt, partial(_acknowledge, asked, room))


def publisher(caller: Caller) -> str | None:
    """Return what stands for a caller in the rooms' rates: its address, whatever its port."""
    return counted_as(caller.address)


def _acknowledge(asked: Asked, room: str, receipt: Receipt) -> bytes:
    position = receipt.position
    asked.request.setResponseCode(201)
    if not isinstance(receipt, NotSaid):
        before = Position(position.epoch, position.offset - 1)
        location = f"/broadcast/{room_segment(room)}?after={before}&limit=1"
        asked.request.setHeader(b"location", location.encode("ascii"))
    return write_json(asked.request, {"position": str(position)})


def publish_to_many(asked: Asked, rooms: Rooms, pace: Pace) -> Later[bytes]:
    """Say one message in many rooms: in all of them, or in none.

    Raises:
        WrongType: the body is not JSON by its type.
        BadRequest: the body is malformed, or the key is none.
        Forbidden: the caller may not publish in one of the rooms.
        KeyReusedError: something else was said under the key in one of them.
        OverRate: it comes too fast.
        OverLimit: there are too many rooms, or keys of the caller.
        BusUnavailable: it cannot be said now.
    """
    check_publishing(asked, None, rooms)
    key = idempotency_key(asked.request.head)
    fields = read_object(asked.body)
    names = read_names(fields.get("rooms"))
    payload, is_binary = read_data(fields)
    caller = asked.caller
    for name in names:
        rooms.check_publisher(name, caller.grants)
    rooms.pace.foresee(names, publisher(caller), len(payload))
    pace.check(caller, len(payload) * len(names))
    rooms.pace.check(names, publisher(caller), len(payload))
    receipts = rooms.publish_to_all(
        names, payload, is_binary=is_binary, keyed=caller.keyed(key), author=caller.author()
    )
    return when(receipts, partial(_acknowledge_all, asked))


def _acknowledge_all(asked: Asked, receipts: dict[str, Receipt]) -> bytes:
    positions = {name: str(receipt.position) for name, receipt in receipts.items()}
    asked.request.setResponseCode(201)
    return write_json(asked.request, {"positions": positions})


def idempotency_key(head: RequestHead) -> str | None:
    """Return what makes a retry safe, where it is given.

    Raises:
        BadRequest: it is no key, or stands twice.
    """
    key = head.one("idempotency-key")
    if key is None:
        return None
    try:
        return check_key(key)
    except BadRequest:
        raise BadRequest("Idempotency-Key is not 1 to 255 visible ASCII characters") from None


def read_object(body: bytes) -> dict[str, Any]:
    """Read a body that is a JSON object.

    Raises:
        BadRequest: it is none.
    """
    try:
        value = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON") from None
    if not isinstance(value, dict):
        raise BadRequest("the body is no JSON object")
    return value


def read_names(value: Any) -> list[str]:
    """Read a list of rooms.

    Raises:
        BadRequest: it is none, is empty or too long, or names no room, or one twice.
    """
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadRequest("rooms is no list of names")
    if not 0 < len(value) <= MAX_ROOMS:
        raise BadRequest(f"rooms has {len(value)} names, not 1 to {MAX_ROOMS}")
    for name in value:
        check_room(name)
    if len(set(value)) < len(value):
        raise BadRequest("rooms names a room twice")
    return value


def _check_text(payload: bytes) -> None:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"the body is not UTF-8; binary is sent as {BINARY}") from None
