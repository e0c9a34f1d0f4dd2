# SPDX-License-Identifier: MIT
"""What `wsecho tail` and `wsecho say` share: the room's URL, the token, how they complain."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from wsecho.client.errors import BadRequest
from wsecho.client.posting import authorization
from wsecho.client.room_url import http_url
from wsecho.config.errors import printable

ABOUT_TOKENS: Final = """
Where the server asks for a token, give it by --token-file, or as WSECHO_TOKEN in the environment;
the words of a command are seen by whoever may list this machine's processes.
"""

_VARIABLE: Final = "WSECHO_TOKEN"


def add_room_options(parser: argparse.ArgumentParser) -> None:
    """Let a command take a room's URL, and a token in one of three ways."""
    parser.add_argument(
        "url", type=_url, metavar="URL", help="the room's: http://HOST:PORT/broadcast/ROOM"
    )
    token = parser.add_mutually_exclusive_group()
    token.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="what has the token; read again whenever one is needed",
    )
    token.add_argument("--token", type=_token, metavar="TOKEN", help="the token itself")


def token_of(given: argparse.Namespace) -> Callable[[], str] | None:
    """Return what gives the token, each time it is called; None where there is none.

    Raises:
        OSError: its file cannot be read; it names the file, as what is returned does later.
    """
    file: Path | None = given.token_file
    if file is not None:
        file.read_bytes()
        return lambda: file.read_text(encoding="utf-8", errors="replace").strip()
    token: str | None = given.token or os.environ.get(_VARIABLE) or None
    return None if token is None else lambda: token


def fail_in(command: str, error: Exception, where: str = "") -> NoReturn:
    """End a command: one line on standard error, and status 1.

    Args:
        command: which.
        error: what is wrong.
        where: what it is about, and a colon.
    """
    if isinstance(error, OSError) and error.filename is not None:
        reason = f"{error.filename}: {error.strerror}"
    else:
        reason = str(error)
    raise SystemExit(printable(f"wsecho {command}: {where}{reason}"))


def _url(text: str) -> str:
    try:
        return http_url(text)
    except BadRequest as error:
        raise argparse.ArgumentTypeError(error.reason) from None


def _token(text: str) -> str:
    try:
        authorization(text)
    except BadRequest as error:
        raise argparse.ArgumentTypeError(error.reason) from None
    return text
