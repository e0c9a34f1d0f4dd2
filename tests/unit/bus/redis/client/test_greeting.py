# SPDX-License-Identifier: MIT
"""The first words with Redis: what is asked, and what will not do."""

from typing import Any

import pytest

from wsecho.bus.redis.client.address import RedisAddress
from wsecho.bus.redis.client.errors import RedisError, RedisRefusedError
from wsecho.bus.redis.client.greeting import ServerInfo, greet
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.client.scripts import ALL

INFO = b"# ServerInfo\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:abc123\r\n"
FINE: dict[str, Any] = {"HELLO": {b"server": b"redis"}, "SELECT": b"OK", "INFO": INFO}
FINE |= {"SCRIPT": b"digest", "EVAL": b"OK", "EVALSHA": b"OK"}
FINE |= {f"{prefix}SUBSCRIBE": [b"subscribe"] for prefix in ("", "P", "UN", "PUN")}


def talk(address: RedisAddress, **answers: Any) -> tuple[ServerInfo, list[tuple[Any, ...]]]:
    """Hold the conversation; what was asked comes back too."""
    answers = {**FINE, **answers}
    asked = []
    greeting = greet(address, "me", Keys("p:", address.database))
    command = next(greeting)
    while True:
        asked.append(command)
        try:
            command = greeting.send(answers[command[0]])
        except StopIteration as end:
            return end.value, asked


def test_it_signs_in_and_looks() -> None:
    """As whom, which database, which version; the scripts are left there."""
    address = RedisAddress((("h", 1),), database=3, user="me", password="secret")
    server, asked = talk(address)
    assert server == ServerInfo("7.0.15", "abc123")
    assert asked[:3] == [
        ("HELLO", "3", "AUTH", "me", "secret", "SETNAME", "me"),
        ("SELECT", "3"),
        ("INFO", "server"),
    ]
    loaded = [command[2] for command in asked if command[0] == "SCRIPT"]
    assert loaded == [script.source for script in ALL]
    trial = [command for command in asked[3:] if command[0] != "SCRIPT"]
    assert [command[0] for command in trial[:2]] == ["EVAL", "EVALSHA"]
    assert trial[2:] == [
        ("SUBSCRIBE", "p:{3}node:me"),
        ("UNSUBSCRIBE", "p:{3}node:me"),
        ("PSUBSCRIBE", "p:{3}{*}"),
        ("PUNSUBSCRIBE", "p:{3}{*}"),
    ]


def test_what_passes_by_itself_is_no_reason_not_to_come() -> None:
    """There is reading to be done while Redis cannot write."""
    address = RedisAddress((("h", 1),), database=3)
    for words in ("OOM command not allowed", "MISCONF errors writing", "NOREPLICAS not enough"):
        server, _ = talk(address, EVAL=RedisRefusedError(words), EVALSHA=RedisRefusedError(words))
        assert server.version == "7.0.15"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"HELLO": RedisRefusedError("WRONGPASS invalid secret")}, "user name or password"),
        ({"HELLO": RedisRefusedError("NOAUTH HELLO must be called …")}, "user name or password"),
        ({"HELLO": RedisRefusedError("NOPROTO unsupported")}, "too old"),
        (
            {"HELLO": RedisRefusedError("ERR unknown command `HELLO`, with args: `3`, `secret`")},
            "too old",
        ),
        (
            {
                "HELLO": RedisRefusedError(
                    "ERR AUTH <password> called without any password configured"
                )
            },
            "no password",
        ),
        ({"HELLO": RedisRefusedError("ODD secret")}, "ODD"),
        ({"SELECT": RedisRefusedError("ERR DB index is out of range")}, "no database 3"),
        ({"INFO": INFO.replace(b"7.0.15", b"6.0.16")}, "it is 6.0.16, and 6.2 is needed"),
        ({"INFO": INFO.replace(b"standalone", b"cluster")}, "Redis Cluster"),
        ({"INFO": b""}, "version"),
        ({"INFO": RedisRefusedError("NOPERM no")}, "INFO"),
        ({"SCRIPT": RedisRefusedError("NOPERM no")}, "no scripts"),
        ({"HELLO": RedisRefusedError("NOPERM no")}, "the rights that the documentation lists"),
        (
            {"EVAL": RedisRefusedError("ERR The user executing the script can't run this (XADD)")},
            "(XADD); give its user the rights",
        ),
        (
            {"EVALSHA": RedisRefusedError("NOPERM no evalsha")},
            "no evalsha; give its user the rights",
        ),
        ({"EVAL": RedisRefusedError("READONLY no")}, "it is a replica: give the master's address"),
        ({"EVAL": RedisRefusedError("WRONGTYPE no (DEL)")}, "give another --redis-prefix"),
        (
            {"SUBSCRIBE": RedisRefusedError("NOPERM no channel")},
            "SUBSCRIBE p:{3}node:me: NOPERM no channel; give its user the rights",
        ),
        ({"PSUBSCRIBE": RedisRefusedError("NOPERM no channel")}, "PSUBSCRIBE p:{3}{*}: NOPERM"),
    ],
)
def test_what_will_not_do(answers: dict[str, Any], reason: str) -> None:
    """Each in one line, without the password."""
    address = RedisAddress((("h", 1),), database=3, password="secret")
    with pytest.raises(RedisError) as caught:
        talk(address, **answers)
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)
