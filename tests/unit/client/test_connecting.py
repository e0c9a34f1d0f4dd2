# SPDX-License-Identifier: MIT
"""`connect` looks at each argument at once."""

import asyncio
import ssl
from typing import Any

import pytest

from wsecho.client.connecting import connect
from wsecho.client.errors import BadRequest, BadType
from wsecho.core.wire.positions import Position

URL = "ws://127.0.0.1:8080/broadcast/lobby"
SECURE = "wss://127.0.0.1:8080/broadcast/lobby"

BAD: list[tuple[str, dict[str, Any]]] = [
    *(
        ("url", {"url": url})
        for url in (
            *(
                "",
                "lobby",
                "ftp://h/broadcast/a",
                "ws://",
                "ws:///broadcast/a",
                "ws://h/",
                "ws://h",
            ),
            *(
                "ws://h/broadcast/",
                "ws://h/broadcast/a/b",
                "ws://h/broadcast/%ff",
                "ws://h:x/broadcast/a",
            ),
            *("ws://h/broadcast/..", f"ws://h/broadcast/{'a' * 201}", "ws://h/broadcast/%00"),
            *("ws://u:p@h/broadcast/a", "ws://h/broadcast/a#b", "ws://h/broadcast/a?after=a:1"),
            *(" ws://h/broadcast/a", "ws://h/broadcast/a\n", "ws://h/echo"),
        )
    ),
    *(("after", {"after": after}) for after in ("", "x", "a:-1", "a:01", f"a:{2**53}")),
    *(("history", {"history": history}) for history in (-1, 2**53)),
    *(("member", {"member": member}) for member in ("", "short", "x" * 65, "ä" * 20, 7)),
    *(("on_gap", {"on_gap": on_gap}) for on_gap in ("", "stop", None)),
    *(("give_up_after", {"give_up_after": seconds}) for seconds in (0, -1.0, float("nan"))),
    *(("token", {"token": token}) for token in ("", "a b", "x\r\ny: z")),
    ("ssl", {"ssl": ssl.create_default_context()}),
    *(("proxy", {"proxy": proxy}) for proxy in ("", "nonsense", "ftp://h:1")),
    ("headers", {"headers": {"a b": "x"}}),
    ("headers", {"headers": {"a": "x\r\ny: z"}}),
    ("headers", {"headers": {"authorization": "x"}, "token": "x"}),
    *(("compression", {"compression": kind}) for kind in ("gzip", "", True)),
]
WRONG_TYPES: list[tuple[str, dict[str, Any]]] = [
    *(("url", {"url": url}) for url in (None, 3, b"ws://h/broadcast/a")),
    *(("after", {"after": after}) for after in (3, b"a:1", ("a", 1))),
    *(("history", {"history": history}) for history in ("3", 1.5, True)),
    *(("presence", {"presence": flag}) for flag in (None, 1, "yes")),
    *(("own", {"own": flag}) for flag in (None, 0, "no")),
    *(("give_up_after", {"give_up_after": seconds}) for seconds in ("3", True)),
    *(("token", {"token": token}) for token in (3, b"x")),
    *(("ssl", {"url": SECURE, "ssl": context}) for context in (True, False, "x")),
    *(("proxy", {"proxy": proxy}) for proxy in (False, 3)),
    *(("headers", {"headers": headers}) for headers in ("x", [("a", "b")], {1: "x"}, {"a": 1})),
]


@pytest.mark.parametrize(("name", "arguments"), BAD, ids=range(len(BAD)))
def test_what_means_nothing_is_refused_by_its_name(name: str, arguments: dict[str, Any]) -> None:
    """Before anything is connected, without any loop that runs."""
    given = {"url": URL, **arguments}
    with pytest.raises(BadRequest, match=rf"^{name}\b"):
        connect(given.pop("url"), **given)


@pytest.mark.parametrize(("name", "arguments"), WRONG_TYPES, ids=range(len(WRONG_TYPES)))
def test_what_is_of_another_type_is_refused_by_its_name(
    name: str, arguments: dict[str, Any]
) -> None:
    """As a TypeError too, as Python does."""
    given = {"url": URL, **arguments}
    with pytest.raises(BadType, match=rf"^{name}\b") as told:
        connect(given.pop("url"), **given)
    assert isinstance(told.value, TypeError)


def test_what_is_right_is_taken() -> None:
    """In each of its forms; nothing secret is shown."""
    for arguments in (
        *({"after": "a:1"}, {"after": Position("a", 1)}, {"history": 0}, {"token": "a.b.c"}),
        *({"token": lambda: "x"}, {"member": "x" * 16}, {"give_up_after": 1}, {"proxy": None}),
        *({"proxy": "http://h:1"}, {"headers": {"X": "y"}}, {"compression": "deflate"}),
    ):
        given: dict[str, Any] = arguments
        connect(URL, **given)
    shown = repr(connect(SECURE, ssl=ssl.create_default_context(), token="secret", member="m" * 16))
    assert "secret" not in shown
    assert "m" * 16 not in shown


def test_each_client_is_a_member_of_its_own() -> None:
    """Unless it says who it is."""
    one, two = connect(URL), connect(URL)
    assert one._address.member != two._address.member
    assert connect(URL, member="a" * 20)._address.member == "a" * 20


def test_it_is_entered_once() -> None:
    """What was left stays left."""
    entering = connect(URL)
    entering._room = object()  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match="once"):
        asyncio.run(entering.__aenter__())
