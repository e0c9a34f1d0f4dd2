# SPDX-License-Identifier: MIT
"""The frames of `wsecho.v1` from the client's side: the server's are read, ours are written."""

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias, cast

from attrs import frozen

from wsecho.client.model import Member, Message, Presence, Sender
from wsecho.core.wire.errors import BadRequest as MalformedPosition
from wsecho.core.wire.positions import Position

SUBPROTOCOL: Final = "wsecho.v1"

Fields: TypeAlias = Mapping[str, Any]
"""A frame as JSON has it."""


class BadFrameError(Exception):
    """What the server sent is no frame of `wsecho.v1`."""


@frozen
class Joined:
    """`joined`: who one is in the room, and where one begins.

    Attributes:
        member: one's own id.
        position: what the next message follows.
        recovered: whether the place that was asked for was resumed; None where none was asked for.
        members: who is here, None where that was not asked for.
        max_message_size: octets that a frame may have, None where the server does not tell.
    """

    member: str
    position: Position
    recovered: bool | None
    members: tuple[Member, ...] | None
    max_message_size: int | None


# What `json.loads` comes to, without what it does for other encodings and for spaces around.
_scan: Final = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # not in typeshed


def read_frame(text: str) -> Fields:
    """Read a frame, whose `type` is then text.

    Raises:
        BadFrameError: it is none.
    """
    text = text.strip()
    try:
        frame, end = _scan(text, 0)
    except (StopIteration, ValueError, RecursionError):
        end = -1
    if end != len(text):
        raise BadFrameError("the server sent what is not JSON")
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise BadFrameError("the server sent JSON that is no frame")
    return frame


def read_message(frame: Fields) -> Message:
    """Read a `message`; its time and sender are optional.

    Raises:
        BadFrameError: it is none.
    """
    data = frame.get("data")
    if data is None:
        data = _read_base64(frame)
    elif not isinstance(data, str):
        raise BadFrameError("the server sent a message whose data is no text")
    time = frame.get("time")
    return Message(
        data,
        read_position(frame, "position"),
        time if isinstance(time, int) else None,
        _read_sender(frame.get("from")),
    )


def _read_base64(frame: Fields) -> bytes:
    try:
        return b64decode(frame.get("base64"), validate=True)  # type: ignore[arg-type]
    except (TypeError, ValueError, binascii.Error):
        raise BadFrameError("the server sent a message without data") from None


def _read_sender(value: Any) -> Sender | None:
    if not isinstance(value, dict) or not isinstance(id := value.get("id"), str):  # noqa: A001
        return None
    name = value.get("name")
    return _sender(id, name if isinstance(name, str) else None)


@lru_cache(1_024)
def _sender(id: str, name: str | None) -> Sender:  # noqa: A002
    # One says many messages.
    return Sender(id, name)


def read_position(frame: Fields, name: str) -> Position:
    """Read a position of a frame.

    Raises:
        BadFrameError: there is none.
    """
    try:
        return Position.parse(frame[name])
    except (KeyError, TypeError, MalformedPosition):
        raise BadFrameError(f"the server sent a {frame['type']} without {name}") from None


def read_joined(frame: Fields) -> Joined:
    """Read a `joined`.

    Raises:
        BadFrameError: it is none.
    """
    recovered, members = frame.get("recovered"), frame.get("members")
    most = frame.get("max_message_size")
    return Joined(
        member=str(frame.get("member", "")),
        position=read_position(frame, "position"),
        recovered=recovered if isinstance(recovered, bool) else None,
        members=tuple(map(_read_member, members)) if isinstance(members, list) else None,
        max_message_size=most if isinstance(most, int) and most > 0 else None,
    )


def read_presence(frame: Fields) -> Presence:
    """Read a `presence`.

    Raises:
        BadFrameError: it is none.
    """
    action = frame.get("action")
    if not isinstance(action, str) or action not in {"join", "leave"}:
        raise BadFrameError("the server sent a presence that is no join and no leave")
    return Presence(cast(Literal["join", "leave"], action), _read_member(frame.get("member")))


def _read_member(value: Any) -> Member:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise BadFrameError("the server sent a member without an id")
    return Member(
        value["id"],
        _text_or_none(value.get("name")),
        _text_or_none(value.get("door")) or "",
        _text_or_none(value.get("since")) or "",
    )


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def write_publish(number: int, key: str, data: str | bytes) -> bytes:
    """Write a `publish`.

    Raises:
        UnicodeEncodeError: the text has half a surrogate pair.
    """
    frame: dict[str, Any] = {"type": "publish", "id": number, "key": key}
    if isinstance(data, str):
        frame["data"] = data
    else:
        frame["base64"] = b64encode(data).decode("ascii")
    return _write(frame)


def write_fresh_token(token: str) -> bytes:
    """Write a `token`: go on with a fresh one."""
    return _write({"type": "token", "token": token})


def _write(frame: Fields) -> bytes:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()
