# SPDX-License-Identifier: MIT
"""Autobahn|Python's own component, at its defaults, that says each time that it has joined.

python -m tests.integration.returning websocket ws://HOST:PORT/ws
python -m tests.integration.returning rawsocket rs://HOST:PORT
"""

import sys
from typing import Any

from autobahn.twisted.component import Component, run

from tests.integration.component import transport


def main(kind: str, url: str) -> None:
    """Join, again and again."""
    component = Component(transports=[transport(kind, url, "json")], realm="realm1")
    times = 0

    @component.on_join  # type: ignore[untyped-decorator]
    async def joined(session: Any, _details: Any) -> None:
        nonlocal times
        times += 1
        said = await session.call("wsecho.echo", f"echo {times}")
        # Autobahn makes log events of what is printed.
        print(f"open {times}: {said}", file=sys.__stdout__, flush=True)

    run([component], log_level="error")


if __name__ == "__main__":
    main(*sys.argv[1:])
