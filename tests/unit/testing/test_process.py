# SPDX-License-Identifier: MIT
"""What a server says as it starts, and how its process is ended."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest

from wsecho.testing import StartError, process

LISTENS = b"[wsecho#info] listening on 127.0.0.1:1, in a browser http://127.0.0.1:8123/\n"
AS_JSON = b'{"text": "listening on 127.0.0.1:1, in a browser http://127.0.0.1:8123/"}\n'


@pytest.fixture
def pipe() -> Iterator[tuple[Any, Any]]:
    """What a server writes to, and what its log is read from."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as output, os.fdopen(write, "wb", buffering=0) as server:
        yield server, output


@pytest.mark.parametrize("line", [LISTENS, AS_JSON], ids=["text", "json"])
def test_its_address_is_read_from_its_log(pipe: tuple[Any, Any], line: bytes) -> None:
    """Behind whatever it says before; the server goes on writing."""
    server, output = pipe
    server.write(b"starting\n" + line + b"and so on\n")
    assert process._address(output) == "http://127.0.0.1:8123"


@pytest.mark.parametrize(
    ("said", "why"),
    [(b"wsecho: --history x: not a number\n", "wsecho: --history x: not a number"), (b"", "ended")],
    ids=["line", "silence"],
)
def test_it_says_itself_why_it_does_not_start(pipe: tuple[Any, Any], said: bytes, why: str) -> None:
    """In its own line, where there is one."""
    server, output = pipe
    server.write(said)
    server.close()
    with pytest.raises(StartError, match=why):
        process._address(output)


def test_it_has_to_say_so_in_time(pipe: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nobody would wait for the tests any more."""
    monkeypatch.setattr(process, "PATIENCE", 0.0)
    with pytest.raises(StartError, match="did not say within 0 s"):
        process._address(pipe[1])


def test_it_ends_when_its_pipe_closes() -> None:
    """Without a signal."""
    server = Mock(spec=subprocess.Popen, stdin=Mock())
    process._end(server)
    server.stdin.close.assert_called_once_with()
    server.kill.assert_not_called()


def test_one_that_was_stopped_is_killed() -> None:
    """For it would not notice."""
    server = Mock(spec=subprocess.Popen, stdin=Mock())
    server.wait.side_effect = [subprocess.TimeoutExpired("", 0), 0]
    process._end(server)
    server.kill.assert_called_once_with()
