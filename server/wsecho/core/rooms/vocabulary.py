# SPDX-License-Identifier: MIT
"""The frames of `wsecho.v1`, as JSON: one vocabulary for WebSocket, SSE and long-poll (wire.md)."""

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from attrs import frozen

from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Card, Change
from wsecho.core.rooms.retries import check_key
from wsecho.core.wire.errors import BadRequest, WireError
from wsecho.core.wire.positions import Position
from wsecho.core.wire.timestamps import rfc3339

SUBPROTOCOL: Final = "wsecho.v1"
_MAX_ID_LENGTH: Final = 255


@frozen
class PublishFrame:
    """`publish`: say something in the room.

    Attributes:
        payload: UTF-8 where it is text.
        is_binary: whether it came as `base64`.
        id: asks for an acknowledgement; a string or a number.
        key: makes a retry safe.
    """

    payload: bytes
    is_binary: bool
    id: str | int | None
    key: str | None


@frozen
class TokenFrame:
    """`token`: go on with a fresh token."""

    token: str


@frozen
class PingFrame:
    """`ping`: are you there?"""


ClientFrame = PublishFrame | TokenFrame | PingFrame


class FrameError(Exception):
    """A frame cannot be read.

    Args:
        error: what is wrong with it.
        id: the `id` of the `publish` that it was, where that could be read.
    """

    def __init__(self, error: BadRequest, id: str | int | None = None) -> None:  # noqa: A002
        super().__init__(error.reason)
        self.error = error
        self.id = id


def read_frame(text: bytes) -> ClientFrame:
    """Read what a client sent.

    Raises:
        FrameError: it is no frame of a client's.
    """
    try:
        frame = _DECODER.decode(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise FrameError(BadRequest("the frame is not JSON")) from None
    if not isinstance(frame, dict):
        raise FrameError(BadRequest("the frame is no JSON object"))
    kind = frame.get("type")
    if kind == "publish":
        return _read_publish(frame)
    if kind == "token":
        return _read_token(frame)
    if kind == "ping":
        return PingFrame()
    raise FrameError(BadRequest("the frame's type is none of publish, token, ping"))


def publish_id(text: bytes) -> str | int | None:
    """Return the `id` of a `publish` that is not going to be done; None where it has none."""
    try:
        frame = read_frame(text)
    except FrameError as error:
        return error.id
    return frame.id if isinstance(frame, PublishFrame) else None


def _read_publish(frame: dict[str, Any]) -> PublishFrame:
    identifier = frame.get("id")
    if identifier is not None:
        _check_id(identifier)
    try:
        payload, is_binary = read_data(frame)
        key = frame.get("key")
        if key is not None:
            check_key(key if isinstance(key, str) else "")
    except BadRequest as error:
        raise FrameError(error, identifier) from None
    return PublishFrame(payload, is_binary, identifier, key)


def _check_id(identifier: Any) -> None:
    """Let through what an answer can carry: it is written again as it came."""
    if (
        isinstance(identifier, bool)
        or not isinstance(identifier, str | int)
        or len(str(identifier)) > _MAX_ID_LENGTH
    ):
        raise FrameError(BadRequest("the frame's id is no short string and no whole number"))
    try:
        str(identifier).encode("utf-8")
    except UnicodeEncodeError:
        raise FrameError(
            BadRequest("the frame's id is no Unicode text: it has half a surrogate pair")
        ) from None


def _read_token(frame: dict[str, Any]) -> TokenFrame:
    token = frame.get("token")
    if not isinstance(token, str):
        raise FrameError(BadRequest("the frame's token is no string"))
    return TokenFrame(token)


def read_data(fields: dict[str, Any]) -> tuple[bytes, bool]:
    """Read `data` or `base64`: a payload, and whether it is binary.

    Raises:
        BadRequest: there is neither, there are both, or it is no text or no base64.
    """
    if ("data" in fields) == ("base64" in fields):
        raise BadRequest("give data (text) or base64 (binary), one of the two")
    if "data" in fields:
        if not isinstance(fields["data"], str):
            raise BadRequest("data is no string; for binary there is base64")
        try:
            return fields["data"].encode("utf-8"), False
        except UnicodeEncodeError:
            raise BadRequest("data is no Unicode text: it has half a surrogate pair") from None
    try:
        return b64decode(fields["base64"], validate=True), True
    except (TypeError, ValueError, binascii.Error):
        raise BadRequest("base64 is not base64") from None


def write_message(message: Message) -> bytes:
    """Write a room's message."""
    if message.is_binary:
        data = f'"base64":"{b64encode(message.payload).decode("ascii")}"'
    else:
        data = f'"data":{_json(message.payload.decode("utf-8"))}'
    position, author = message.position, message.author
    by = "" if author is None else f'"from":{author.written or _write_author(author)},'
    return (
        f'{{"type":"message","position":"{position.epoch}:{position.offset}",'
        f'"time":{message.milliseconds},{by}{data}}}'
    ).encode()


def _write_author(author: Author) -> str:
    author.written = _json(describe_author(author))
    return author.written


def write_joined(
    room: str,
    member: str,
    position: Position,
    max_message_size: int,
    *,
    recovered: bool | None,
    members: Iterable[Card] | None = None,
) -> bytes:
    """Write what a reader is told first.

    Args:
        room: the room's name.
        member: the reader's own id.
        position: what the next `message` follows.
        max_message_size: bytes of the largest frame, or request's body, that is taken from it.
        recovered: whether the position that it asked for was resumed; None where it asked for none.
        members: who is here, where it asked for presence.
    """
    frame: dict[str, Any] = {
        "type": "joined",
        "room": room,
        "member": member,
        "position": str(position),
        "max_message_size": max_message_size,
    }
    if recovered is not None:
        frame["recovered"] = recovered
    if members is not None:
        frame["members"] = [describe_member(card) for card in members]
    return _json(frame).encode()


def write_skipped(epoch: str, after: int, upto: int) -> bytes:
    """Write that messages were left out for a slow reader."""
    frame = {"type": "skipped", "from": f"{epoch}:{after}", "to": f"{epoch}:{upto}"}
    return _json(frame).encode()


def write_presence(change: Change) -> bytes:
    """Write that somebody came or went."""
    frame = {"type": "presence", "action": change.action, "member": describe_member(change.card)}
    return _json(frame).encode()


def write_published(identifier: str | int, position: Position) -> bytes:
    """Acknowledge a `publish` that had an `id`."""
    return _json({"type": "published", "id": identifier, "position": str(position)}).encode()


def write_token(expires: float) -> bytes:
    """Acknowledge a `token`; `expires` in Unix seconds."""
    return _json({"type": "token", "expires": int(expires)}).encode()


def write_closing(retry: float) -> bytes:
    """Tell a client to come back after `retry` seconds."""
    return _json({"type": "closing", "retry": int(retry * 1000)}).encode()


def write_error(error: WireError, identifier: str | int | None = None) -> bytes:
    """Tell a client what went wrong."""
    frame: dict[str, Any] = {"type": "error", "code": error.code, "reason": error.reason}
    if identifier is not None:
        frame["id"] = identifier
    return _json(frame).encode()


PONG: Final = b'{"type":"pong"}'
"""The answer to `ping`."""


def describe_author(author: Author) -> dict[str, str]:
    """Return who said a message as JSON has it: `id`, and `name` where there is one."""
    return {"id": author.id} if author.name is None else {"id": author.id, "name": author.name}


def describe_member(card: Card) -> dict[str, Any]:
    """Return a member as JSON has it: `id`, `name` where there is one, `door`, `since`."""
    member = {"id": card.id, "door": card.door, "since": rfc3339(card.since)}
    return member if card.name is None else {**member, "name": card.name}


# `json.dumps` would make one for each frame, at half the cost of a short one.
_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _no_constant(name: str) -> NoReturn:
    # NaN and the infinities, which Python takes for JSON.
    raise ValueError(name)


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)
