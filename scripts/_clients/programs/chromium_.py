# SPDX-License-Identifier: MIT
"""Chromium, without a window; what it writes to its console is its word."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
_ECHO = """url => new Promise(resolve => {
  const websocket = new WebSocket(url);
  websocket.binaryType = 'arraybuffer';
  websocket.onmessage = ({ data }) => websocket.send(data);
  websocket.onclose = ({ code, reason }) => resolve(`closed ${code}: ${reason}`);
})"""


def _run(path: str, url: str) -> str:
    said: list[str] = []
    with (
        TemporaryDirectory(prefix="wsecho-chromium-") as folder,
        sync_playwright() as playwright,
        playwright.chromium.launch_persistent_context(
            Path(folder), executable_path=path, args=_FLAGS
        ) as browser,
    ):
        page = browser.pages[0]
        page.on("console", lambda message: said.append(message.text.partition(" failed: ")[2]))
        closed = page.evaluate(_ECHO, url)
        return "; ".join([*filter(None, said), closed])


print(_run(*sys.argv[1:]))
