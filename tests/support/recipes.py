# SPDX-License-Identifier: MIT
"""The programs in docs/examples, started as they say."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.documents import DOCS
from tests.support.processes import Process, RunningServer, running
from tests.support.proxies import free_port
from tests.support.waiting import wait_until_open
from wsecho.command.main import run

EXAMPLES: Final = DOCS / "examples"
FLASK: Final = (
    *(sys.executable, "-m", "flask", "--app", str(EXAMPLES / "flask/chat.py")),
    *("run", "--port", "{}"),
)
DJANGO: Final = (
    *(sys.executable, str(EXAMPLES / "django/shop.py"), "runserver", "--noreload", "{}"),
)


@contextmanager
def backend(folder: Path, *command: str) -> Iterator[tuple[str, RunningServer]]:
    """A server that asks for tokens, and a web application that makes them; where that is."""
    run(["key", str(folder / "key.json")])
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    options = ("--token-key", str(folder / "key.json.pub"), "--origin", origin)
    with running(*options) as server:
        named = {"WSECHO": server.http("")}
        process = Process.start(
            *(word.format(port) for word in command), cwd=folder, environment=named
        )
        try:
            wait_until_open(port)
            yield origin, server
        finally:
            process.end()
