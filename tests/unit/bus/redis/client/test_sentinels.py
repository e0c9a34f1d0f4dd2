# SPDX-License-Identifier: MIT
"""What a sentinel answers."""

from typing import Any

import pytest

from wsecho.bus.redis.client.errors import RedisRefusedError
from wsecho.bus.redis.client.sentinels import NoMasterError, ask_for_master


def answer(reply: Any) -> tuple[str, int]:
    """Ask, and answer with that."""
    talk = ask_for_master("main")
    assert next(talk) == ("SENTINEL", "get-master-addr-by-name", "main")
    with pytest.raises(StopIteration) as end:
        talk.send(reply)
    found: tuple[str, int] = end.value.value
    return found


def test_where_the_master_is() -> None:
    """Its host and port."""
    assert answer([b"10.0.0.1", b"6380"]) == ("10.0.0.1", 6380)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [(None, "knows no master main"), (RedisRefusedError("IDONTKNOW no"), "answers IDONTKNOW no")],
)
def test_who_does_not_know_says_so(reply: Any, reason: str) -> None:
    """In words for the operator."""
    with pytest.raises(NoMasterError, match=reason):
        answer(reply)
