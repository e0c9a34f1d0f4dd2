# SPDX-License-Identifier: MIT
"""Chromium's own `EventSource` at a room, without the page's library."""

import urllib.request
from typing import Any

from playwright.async_api import Browser, Page
from websockets.sync.client import connect

from tests.browser.conftest import play
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.waiting import until

_LISTEN = """url => {
  window.seen = [];
  const source = new EventSource(url);
  const see = ({ type, data }) => window.seen.push([type, data ? JSON.parse(data) : null]);
  for (const type of ["joined", "message", "refused"]) source.addEventListener(type, see);
  source.onerror = () => window.seen.push(["lost", source.readyState]);
}"""


async def seen(page: Page, what: str) -> list[Any]:
    """What came of a type, as soon as something did."""

    async def came() -> list[Any]:
        return [it for kind, it in await page.evaluate("window.seen") if kind == what]

    await until(came)
    return await came()


def say(server: RunningServer, text: str) -> None:
    """Publish a text in the room."""
    url = server.http("/broadcast/full")
    with urllib.request.urlopen(url, data=text.encode(), timeout=PATIENCE) as answer:
        assert answer.status == 201


def test_it_comes_back_after_a_refusal_and_after_a_restart(chromium: str) -> None:
    """Nothing fires `onerror` but the stream's end, and that is never for good."""

    async def scenario(browser: Browser) -> None:
        page = await browser.new_page()
        with running("--max-members", "1") as server:
            await page.goto(server.http("/healthz"))
            with connect(server.ws("/broadcast/full")):
                await page.evaluate(_LISTEN, "/broadcast/full?history=10")
                assert (await seen(page, "refused"))[0]["code"] == "over_limit"
            await seen(page, "joined")
        with running(listen=f"tcp:{server.port}:interface=127.0.0.1") as again:
            say(again, "said after the restart")
            [message] = await seen(page, "message")
            assert message["data"] == "said after the restart"
        # 0 is CONNECTING: it tries again; 2 would be CLOSED.
        assert set(await seen(page, "lost")) == {0}

    play(chromium, scenario)
