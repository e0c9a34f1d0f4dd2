# SPDX-License-Identifier: MIT
"""Redis's errors: their codes, what a script had done by then, and what to do about them."""

import pytest

from wsecho.bus.redis.client.errors import PASSES, RedisError, RedisRefusedError, advice


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ("OOM command not allowed", "OOM", "OOM command not allowed"),
        ("NOPERM no", "NOPERM", "NOPERM no"),
        ("ERR ACL failure in script: no", "NOPERM", "ERR ACL failure in script: no"),
        ("ERR user executing the script can't run this", "NOPERM", None),
        ("ERR this user has no permissions to run it", "NOPERM", None),
        ("ERR Not allowed to access", "NOPERM", None),
        ("ERR other", "ERR", "ERR other"),
        ("BUSY", "BUSY", "BUSY"),
        ("", "", ""),
    ],
)
def test_the_code_is_the_first_word(words: str, code: str, text: str | None) -> None:
    """But for rights that are missing within a script, for which Redis 7.0 has none."""
    error = RedisRefusedError(words)
    assert (error.code, error.is_halfway) == (code, False)
    assert text is None or str(error) == text


def test_what_came_halfway_says_why() -> None:
    """The word of our own scripts is not shown."""
    error = RedisRefusedError("HALFWAY OOM command not allowed")
    assert (error.code, error.is_halfway, str(error)) == ("OOM", True, "OOM command not allowed")


def test_there_is_advice_for_each_that_is_known() -> None:
    """What passes by itself included."""
    other = advice("ODD")
    for code in (*PASSES, "NOPERM", "OOM", "MISCONF", "NOREPLICAS", "WRONGTYPE", "MOVED"):
        assert advice(code) != other
    assert RedisError("x", passes=True).passes
    assert not RedisError("x").passes
