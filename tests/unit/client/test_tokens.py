# SPDX-License-Identifier: MIT
"""Tokens: a string, or a function that is asked for one."""

import asyncio
import threading
from typing import Any

import pytest

from wsecho.client.errors import BadRequest, BadType
from wsecho.client.tokens import NoTokenError, ask, check_source


async def fetch() -> str:
    """Give a token later."""
    await asyncio.sleep(0)
    return "from.a.function\n"


def give() -> Any:
    """Give what gives a token."""
    return fetch()


class Fetcher:
    """An object that can be called."""

    async def __call__(self) -> str:
        """Give a token."""
        return "from.an.object"


@pytest.mark.parametrize(
    ("source", "token"),
    [
        ("a.b.c", "a.b.c"),
        (lambda: " a.b.c\r\n", "a.b.c"),
        (fetch, "from.a.function"),
        (give, "from.a.function"),
        (Fetcher(), "from.an.object"),
    ],
    ids=["string", "function", "async", "gives-async", "object"],
)
def test_whatever_gives_one(source: Any, token: str) -> None:
    """Spaces around it are none of it."""
    check_source(source)
    assert asyncio.run(ask(source)) == token


def test_a_function_that_is_not_async_holds_nobody_up() -> None:
    """It is called in a thread of its own, which keeps no program from ending."""
    where: list[threading.Thread] = []

    def give() -> str:
        where.append(threading.current_thread())
        return "token"

    assert asyncio.run(ask(give)) == "token"
    assert where[0] is not threading.main_thread()
    assert where[0].daemon


@pytest.mark.parametrize("given", [None, 3, b"bytes", "", " ", "a b", "ü", "a\nb"], ids=range(8))
def test_what_is_no_token(given: Any) -> None:
    """The reason names neither it nor parts of it."""
    with pytest.raises(NoTokenError) as told:
        asyncio.run(ask(lambda: given))
    assert "a b" not in str(told.value)


def test_a_function_that_throws() -> None:
    """What it threw is told on, and is the cause."""

    async def fail() -> str:
        raise ConnectionError("no way")

    with pytest.raises(NoTokenError, match="ConnectionError: no way") as told:
        asyncio.run(ask(fail))
    assert isinstance(told.value.__cause__, ConnectionError)

    def fail_without_words() -> str:
        raise ValueError

    with pytest.raises(NoTokenError, match="ValueError"):
        asyncio.run(ask(fail_without_words))


def test_a_function_that_hangs() -> None:
    """Is waited for no longer than that; one that gives up itself has failed."""
    gate = threading.Event()

    async def hang() -> str:
        await asyncio.Event().wait()
        return ""

    def hang_too() -> str:
        gate.wait()
        return ""

    for source in (hang, hang_too):
        with pytest.raises(NoTokenError, match="gave no token for 0 s"):
            asyncio.run(ask(source, 0))
    gate.set()


@pytest.mark.parametrize(
    ("source", "kind"),
    [(3, BadType), (b"x", BadType), ("", BadRequest), ("a b", BadRequest), ("x\n", BadRequest)],
    ids=range(5),
)
def test_what_cannot_be_a_source_is_refused(source: Any, kind: type[BadRequest]) -> None:
    """By the argument's name."""
    with pytest.raises(kind, match=r"^token "):
        check_source(source)
    check_source(None)
