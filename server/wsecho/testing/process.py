# SPDX-License-Identifier: MIT
"""The process of a server: started on a free port, and ended however its parent ends."""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

PATIENCE: Final = 60.0
"""Seconds within which a server has to say where it listens."""

_GRACE: Final = 10.0
_LISTENS: Final = re.compile(rb'in a browser (http://[^\s"]+?)/?[\s"]')
_ATTENDED: Final = ("-P", "-W", "ignore", "-m", "wsecho.command.attended")
"""Modules beside the tests are none of the server's (-P), nor is what they say of warnings."""


class StartError(RuntimeError):
    """The server cannot start; its own words say why."""


@contextmanager
def running(*options: str) -> Iterator[str]:
    """Run a server; give its address, without a slash behind it.

    Its standard input is a pipe that only this process holds: when that closes, by whatever end
    of this process, the server ends. Ctrl-C is not for it either, being in a group of its own.

    Args:
        options: of `wsecho serve`.

    Raises:
        StartError: it does not start.
    """
    process: Any = subprocess.Popen(  # noqa: S603  # its words are ours, and the tests' own
        [sys.executable, *_ATTENDED, "--listen", "127.0.0.1:0", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )
    try:
        with process.stdout as output:
            address = _address(output)
        # From here on nobody reads its log, which it can bear.
        yield address
    finally:
        _end(process)


def _address(output: IO[bytes]) -> str:
    said = b""
    for some in _read(output):
        said += some
        if found := _LISTENS.search(said):
            return found[1].decode()
    raise StartError(said.decode(errors="replace").strip() or "the server ended without a word")


def _read(output: IO[bytes]) -> Iterator[bytes]:
    """Yield what comes, until there is no more.

    Raises:
        StartError: it takes too long.
    """
    until = time.monotonic() + PATIENCE
    poll = select.poll()
    poll.register(output)
    while poll.poll(1000 * max(0.0, until - time.monotonic())):
        some = os.read(output.fileno(), 1 << 16)
        if not some:
            return
        yield some
    raise StartError(f"the server did not say within {PATIENCE:g} s where it listens")


def _end(process: Any) -> None:
    # Not by a signal: in a fork of this process it would be meant for another's server.
    process.stdin.close()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        # Somebody has stopped it.
        process.kill()
        process.wait()
