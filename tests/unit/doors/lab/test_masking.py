# SPDX-License-Identifier: MIT
"""What of a request is told to others: nothing that lets somebody in."""

import json

import pytest

from wsecho.core.http.requests import RequestHead
from wsecho.doors.lab.masking import masked_head, write_head_step


def head(target: str, *lines: str) -> RequestHead:
    """A request."""
    text = "\r\n".join([f"GET {target} HTTP/1.1", *lines, "", ""])
    return RequestHead.parse(text.encode())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Authorization: Bearer abc.def", ["Authorization", "Bearer …"]),
        ("AUTHORIZATION:  Basic eDp5", ["AUTHORIZATION", "Basic …"]),
        ("authorization: secret", ["authorization", "…"]),
        ("Proxy-Authorization: Basic eDp5", ["Proxy-Authorization", "Basic …"]),
        ("Cookie: a=b; c=d", ["Cookie", "…"]),
        (
            "Sec-WebSocket-Protocol: a,wsecho.token.abc.def, b",
            ["Sec-WebSocket-Protocol", "a, wsecho.token.…, b"],
        ),
        ("Sec-WebSocket-Protocol: a,b", ["Sec-WebSocket-Protocol", "a,b"]),
        ("X-Odd-CASE: value ", ["X-Odd-CASE", "value"]),
        ("X-Empty:", ["X-Empty", ""]),
    ],
)
def test_headers_are_told_as_they_were_written_without_secrets(line: str, told: list[str]) -> None:
    """Whatever the case of their names."""
    written = masked_head(head("/lab", line)).write()
    assert written["headers"] == [told]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("/lab/head?report=x", "/lab/head?report=x"),
        ("/lab?token=abc&x=1", "/lab?token=…&x=1"),
        ("/lab?x=1&%74oken=abc&token=", "/lab?x=1&%74oken=…&token=…"),
        ("/lab?tokens=abc", "/lab?tokens=abc"),
        ("/lab?", "/lab?"),
    ],
)
def test_the_target_is_told_without_tokens(target: str, told: str) -> None:
    """However the query's name is written."""
    assert masked_head(head(target)).target == told


def test_the_step_head_tells_of_the_request() -> None:
    """As JSON, and nothing that a page that asks must not read."""
    request = head("/lab/head", "Host: localhost", "Cookie: a=b")
    told = json.loads(write_head_step(request, "10.0.0.1:5", "x", None, is_secure=True))
    assert told == {
        "target": "/lab/head",
        "headers": [["Host", "localhost"], ["Cookie", "…"]],
        "address": "10.0.0.1:5",
        "tls": True,
        "extensions": "x",
        "subprotocol": None,
    }
