# SPDX-License-Identifier: MIT
"""The library for JavaScript: what it weighs, and what its rooms need of a browser's memory."""

import asyncio
import gzip
import shutil
from contextlib import suppress
from typing import Any
from urllib.request import urlopen

from .driving import Told, answer, read_told

_MODULE = "/wsecho.js"
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
_SETTLES = 0.5
"""Seconds until what is done behind the last message is done."""
_CONNECT = """async (module) => {
    const { connect } = await import(module);
    window.server = connect(location.origin);
    window.taken = [];
}"""
_JOIN = """async ([first, behind]) => {
    const names = Array.from({ length: behind - first }, (_, at) => `bench-${first + at}`);
    await Promise.all(names.map(async (name) => {
        const room = server.room(name);
        const came = room.once("message");
        room.on("message", ({ position }) => { taken[name] = position; });
        await room.once("joined");
        await room.publish("the first message of this room");
        await came;
    }));
}"""


def _size(told: Told) -> float:
    with urlopen(f"http://{told.address}{_MODULE}") as served:
        return len(gzip.compress(served.read(), 9))


async def _heap(told: Told) -> float:
    """Give the octets that each room but the first needs: that has the connection, too."""
    from playwright.async_api import async_playwright  # noqa: PLC0415  (not everywhere)

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        page = await browser.new_page()
        # Any document of the server's own origin will do.
        await page.goto(f"http://{told.address}{_MODULE}")
        tools = await page.context.new_cdp_session(page)
        await page.evaluate(_CONNECT, _MODULE)
        await page.evaluate(_JOIN, [0, 1])
        one = await _used(tools)
        await page.evaluate(_JOIN, [1, told.rooms])
        all_of_them = await _used(tools)
        await browser.close()
    return (all_of_them - one) / (told.rooms - 1)


async def _used(tools: Any) -> float:
    await asyncio.sleep(_SETTLES)
    # What is only reachable weakly goes with the second one.
    for _ in range(2):
        await tools.send("HeapProfiler.collectGarbage")
    used: float = (await tools.send("Runtime.getHeapUsage"))["usedSize"]
    return used


def _lacking() -> str | None:
    """Say what there is no browser for."""
    if shutil.which("chromium") is None and shutil.which("chromium-browser") is None:
        return "there is no Chromium; on Debian: apt install chromium"
    with suppress(ImportError):
        import playwright  # noqa: F401, PLC0415

        return None
    return "there is no Playwright in .venv, into which scripts/test installs it"


def main() -> None:
    """Measure one of both."""
    told = read_told()
    if told.mode == "size":
        answer({"count": _size(told), "seconds": 1.0})
    elif lacking := _lacking():
        answer({"lacking": lacking})
    else:
        answer({"count": asyncio.run(_heap(told)), "seconds": 1.0})


if __name__ == "__main__":
    main()
