# SPDX-License-Identifier: MIT
"""The first words with Redis: what is asked, and what will not do."""

from typing import Any

import pytest

from wsecho.bus.redis.address import Address
from wsecho.bus.redis.errors import RedisError, RefusedError
from wsecho.bus.redis.greeting import Server, greet
from wsecho.bus.redis.scripts import ALL

INFO = b"# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:abc123\r\n"
FINE: dict[str, Any] = {"HELLO": {b"server": b"redis"}, "SELECT": b"OK", "INFO": INFO}


def talk(address: Address, **answers: Any) -> tuple[Server, list[tuple[Any, ...]]]:
    """Hold the conversation; what was asked comes back too."""
    answers = {**FINE, "SCRIPT": b"digest", **answers}
    asked = []
    greeting = greet(address, "me")
    command = next(greeting)
    while True:
        asked.append(command)
        try:
            command = greeting.send(answers[command[0]])
        except StopIteration as end:
            return end.value, asked


def test_it_signs_in_and_looks() -> None:
    """As whom, which database, which version; the scripts are left there."""
    address = Address((("h", 1),), database=3, user="me", password="secret")
    server, asked = talk(address)
    assert server == Server("7.0.15", "abc123")
    assert asked[:3] == [
        ("HELLO", "3", "AUTH", "me", "secret", "SETNAME", "me"),
        ("SELECT", "3"),
        ("INFO", "server"),
    ]
    assert [command[2] for command in asked[3:]] == [script.source for script in ALL]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"HELLO": RefusedError("WRONGPASS invalid secret")}, "user name or password"),
        ({"HELLO": RefusedError("NOAUTH HELLO must be called …")}, "user name or password"),
        ({"HELLO": RefusedError("NOPROTO unsupported")}, "too old"),
        (
            {"HELLO": RefusedError("ERR unknown command `HELLO`, with args: `3`, `secret`")},
            "too old",
        ),
        (
            {"HELLO": RefusedError("ERR AUTH <password> called without any password configured")},
            "no password",
        ),
        ({"HELLO": RefusedError("ODD secret")}, "ODD"),
        ({"SELECT": RefusedError("ERR DB index is out of range")}, "no database 3"),
        ({"INFO": INFO.replace(b"7.0.15", b"6.0.16")}, "it is 6.0.16, and 6.2 is needed"),
        ({"INFO": INFO.replace(b"standalone", b"cluster")}, "Redis Cluster"),
        ({"INFO": b""}, "version"),
        ({"INFO": RefusedError("NOPERM no")}, "INFO"),
        ({"SCRIPT": RefusedError("NOPERM no")}, "no scripts"),
    ],
)
def test_what_will_not_do(answers: dict[str, Any], reason: str) -> None:
    """Each in one line, without the password."""
    address = Address((("h", 1),), database=3, password="secret")
    with pytest.raises(RedisError) as caught:
        talk(address, **answers)
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)
