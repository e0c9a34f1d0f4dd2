# SPDX-License-Identifier: MIT
"""How an error is told over HTTP: JSON with a code and a reason."""

import json
from http import HTTPStatus

from wsecho.core.errors import WireError

JSON_TYPE = "application/json; charset=utf-8"


def error_body(error: WireError) -> bytes:
    """Write `{"error": {"code": …, "reason": …}}`."""
    body = {"error": {"code": error.code, "reason": error.reason}}
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"


def error_headers(error: WireError) -> list[tuple[str, str]]:
    """List the header fields of an error's answer, its length left out."""
    return [("Content-Type", JSON_TYPE), ("Cache-Control", "no-store"), *error.headers]


def error_response(error: WireError) -> bytes:
    """Write a whole HTTP/1.1 answer after which the connection ends."""
    body = error_body(error)
    fields = [*error_headers(error), ("Content-Length", str(len(body))), ("Connection", "close")]
    lines = [f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in fields]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
