# SPDX-License-Identifier: MIT
"""The list of what a Redis user must be allowed is that of what is used."""

import re
from pathlib import Path

import wsecho.bus.redis
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.client.rights import COMMANDS, acl
from wsecho.bus.redis.client.scripts import ALL, TRIAL, Script

PACKAGE = Path(wsecho.bus.redis.__file__).parent
IN_LUA = re.compile(r"'([A-Z]{2,})'")
OPTIONS = {"COUNT", "MATCH", "MAXLEN", "MINID", "OK", "PX", "WITHSCORES"}
IN_PYTHON = re.compile(r"""\b(?:ask|cast|need|yield)\s*\(\s*"([A-Z]{2,})"(?:, "(LOAD|SETNAME)")?""")
ON_THE_WAY = {"evalsha", "psubscribe", "punsubscribe", "subscribe", "unsubscribe"}


def words_in(script: Script) -> set[str]:
    """All that may be a command."""
    return set(IN_LUA.findall(script.source.decode()))


def test_it_is_what_is_used() -> None:
    """By scripts and by themselves; what is only spoken to sentinels is not."""
    in_lua = {word.lower() for script in ALL for word in words_in(script) - OPTIONS}
    text = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    found = IN_PYTHON.findall(text)
    in_python = {f"{word}|{part}".strip("|").lower() for word, part in found} - {
        "sentinel",
        "hello",
    }
    assert in_lua | in_python | ON_THE_WAY == set(COMMANDS)


def test_all_of_it_is_tried() -> None:
    """Before anything is relied upon."""
    tried = {word.lower() for word in re.findall(r"\{'([A-Z]+)'", TRIAL.source.decode())}
    greeting = {"info", "select", "script|load", "eval"}
    assert tried | greeting | ON_THE_WAY == set(COMMANDS)


def test_what_operators_give_a_user() -> None:
    """Its keys, its channels, and for each database the very pattern that is subscribed to."""
    words = acl("p:", (0, 3)).split(" ")
    assert words[:4] == ["~p:*", "&p:*", "&p:{0}{*}", "&p:{3}{*}"]
    assert words[4:] == [f"+{command}" for command in COMMANDS]
    assert f"&{Keys('p:', 3).pattern_subscriber}" in words
