# SPDX-License-Identifier: MIT
"""Uses a server as its first user does; run in the environment that wsecho was installed into.

It prints the release's version and whether the lane is compiled, once all the rest was seen.
"""

import re
import sys
from urllib.parse import urljoin
from urllib.request import ProxyHandler, build_opener

from websockets.sync.client import connect

import wsecho
from wsecho.lane import speedups

_MESSAGES = ("hello", "g\N{LATIN SMALL LETTER U WITH DIAERESIS}n", b"\0\xff", "", "x" * 100_000)


def _echo(url: str) -> None:
    with connect(url.replace("http", "ws", 1) + "echo", proxy=None) as socket:
        for message in _MESSAGES:
            socket.send(message)
            if (answer := socket.recv()) != message:
                sys.exit(f"{message!r:.40} came back as {answer!r:.40}")


def _page(url: str) -> None:
    browser = build_opener(ProxyHandler({}))
    page = browser.open(url).read().decode()
    parts = re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^":]+)"', page)
    if "<title>" not in page or not any(part.endswith(".js") for part in parts):
        sys.exit(f"what is served is not the page: {page:.200}")
    for part in parts:
        browser.open(urljoin(url, part)).read()


if __name__ == "__main__":
    _echo(sys.argv[1])
    _page(sys.argv[1])
    print(wsecho.__version__, "compiled" if speedups.is_compiled else "pure")
