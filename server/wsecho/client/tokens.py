# SPDX-License-Identifier: MIT
"""Tokens: a string, or a function that is asked for one, and again when it is to be renewed."""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from wsecho.client.aside import aside
from wsecho.client.errors import BadRequest, BadType

TokenSource: TypeAlias = str | Callable[[], str] | Callable[[], Awaitable[str]]
"""A token, or what gives one; a function that is not async is called in a thread of its own."""

PATIENCE: Final = 10.0
"""Seconds that a token function has."""

# RFC 6750 section 2.1: b64token.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class NoTokenError(Exception):
    """No token can be had; the text says why, and has nothing of a token."""


def check_source(source: object) -> None:
    """Look at what is given as `token`.

    Raises:
        BadType: it is neither text nor a function.
        BadRequest: it is text that cannot be a token.
    """
    if source is None or callable(source):
        return
    if not isinstance(source, str):
        raise BadType(f"token is neither str nor a function, but {type(source).__name__}")
    if not _TOKEN.fullmatch(source):
        raise BadRequest("token is none: it is empty, or has characters that no token has")


async def ask(source: TokenSource, patience: float = PATIENCE) -> str:
    """Return a token.

    Args:
        source: the token, or what gives it.
        patience: seconds that it has.

    Raises:
        NoTokenError: it gave none, failed, or took too long.
    """
    if isinstance(source, str):
        return source
    try:
        async with asyncio.timeout(patience):
            given = await _call(source)
    except TimeoutError:
        raise NoTokenError(f"the function gave no token for {patience:g} s") from None
    except Exception as error:
        raise NoTokenError(f"the function failed: {_words(error)}") from error
    if not isinstance(given, str):
        raise NoTokenError(f"the function gave {type(given).__name__}, and no str")
    # What is read from a file, or from a server, often ends with a line break.
    token = given.strip()
    if not _TOKEN.fullmatch(token):
        raise NoTokenError("the function gave what cannot be a token")
    return token


async def _call(source: Callable[[], Any]) -> object:
    if inspect.iscoroutinefunction(source):
        given: Any = source()
    else:
        given = await asyncio.wrap_future(aside(source, "wsecho-token"))
    return await given if inspect.isawaitable(given) else given


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
