# SPDX-License-Identifier: MIT
"""A question as it is posted: JSON that says what is asked, about whom, and for which room."""

import json
from base64 import b64encode
from typing import Any, Literal, TypeAlias

from wsecho.hooks import Message, Visit

AskedOver: TypeAlias = Literal["connect", "join", "publish"]
"""What may be asked: `connecting`, `joining` and `publishing`, as they are called over HTTP."""


def write_question(
    question: AskedOver,
    question_id: str,
    visit: Visit,
    room: str | None = None,
    message: Message | None = None,
) -> bytes:
    """Return the JSON of a question.

    Args:
        question: what is asked.
        question_id: stands for it, should it come twice.
        visit: about whom.
        room: where; None for `connect`.
        message: what is to be said, for `publish`.

    Raises:
        TypeError, ValueError: the claims have what JSON has not; no token's have.
    """
    written: dict[str, Any] = {"question": question, "id": question_id}
    if room is not None:
        written["room"] = room
    written["visit"] = {
        "id": visit.id,
        "address": visit.address,
        "origin": visit.origin,
        "door": visit.door,
        "sub": visit.sub,
        "name": visit.name,
        "claims": dict(visit.claims),
        "headers": dict(visit.headers),
    }
    if message is not None:
        written.update(_data(message.data))
    # In ASCII, for a claim may have half of a surrogate pair, which UTF-8 has not.
    return json.dumps(written, separators=(",", ":"), allow_nan=False).encode("ascii")


def _data(data: str | bytes) -> dict[str, str]:
    if isinstance(data, str):
        return {"data": data}
    return {"base64": b64encode(data).decode("ascii")}
