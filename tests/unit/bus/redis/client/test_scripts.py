# SPDX-License-Identifier: MIT
"""The scripts are put together of their files; whether they do what they should Redis tells."""

import re
from hashlib import sha1
from importlib.resources import files

import pytest

from wsecho.bus.redis.client import scripts
from wsecho.bus.redis.client.scripts import ALL, LARGE, PUBLISH, READ_LOG, Script

LUA = files("wsecho.bus.redis.client") / "lua"
NAMED = {name.lower() for name, each in vars(scripts).items() if isinstance(each, Script)}


def test_each_file_is_a_script_and_each_script_is_left_in_redis() -> None:
    """Under its own name; what several begin with lies in a folder of its own."""
    assert {path.name.removesuffix(".lua") for path in LUA.iterdir() if path.is_file()} == NAMED
    assert len(ALL) == len(set(ALL)) == len(NAMED)


@pytest.mark.parametrize("script", ALL)
def test_a_script_is_whole(script: Script) -> None:
    """Nothing is left to include, nothing is sent that is for people, and the digest is its own."""
    text = script.source.decode()
    assert "-- " not in text
    assert "\n\n" not in text
    assert text.startswith(f"local LARGE = {LARGE}\n")
    assert text.rstrip().endswith("return {err = has_written and 'HALFWAY ' .. text or text}")
    assert script.digest.decode() == sha1(script.source).hexdigest()


def test_what_is_shared_stands_where_it_is_included() -> None:
    """Once, in the order of the file."""
    text = PUBLISH.source.decode()
    places = [text.index(word) for word in ("ZCOUNT", "local fresh, seen_epoch", "take_back")]
    assert places == sorted(places)
    assert text.count("local function notice(") == 1
    assert "XREVRANGE" in READ_LOG.source.decode()


def test_all_that_is_shared_is_used() -> None:
    """By a script, or by all."""
    text = "".join(path.read_text() for path in LUA.iterdir() if path.is_file())
    used = set(re.findall(r"^-- include (\w+)$", text, re.MULTILINE))
    shared = {path.name.removesuffix(".lua") for path in (LUA / "shared").iterdir()}
    assert shared == used | {"guard_begin", "guard_end"}


def test_there_is_none_of_another_name() -> None:
    """That is no empty script."""
    with pytest.raises(FileNotFoundError):
        Script.named("nothing")
