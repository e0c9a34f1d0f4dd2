# SPDX-License-Identifier: MIT
"""The page where WebSocket is missing, refused, swallowed or goes silent, in real Chromium.

How long each takes is printed, and shown in the screenshots; no test hangs on the time.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import websockets
from playwright.async_api import Browser, Page

from tests.browser.conftest import first_messages, messages, play
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.proxies import nginx, proxying
from tests.support.waiting import settled, until

SAID = ["one", "two", "three", "four", "five"]
"""What the page says while it changes from one transport to the other."""


async def arrive(browser: Browser, port: int, room: str, script: str = "") -> tuple[Page, float]:
    """Go to the page; return it with the time of navigation."""
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(2 * PATIENCE * 1000)
    if script:
        await page.add_init_script(script)
    began = time.monotonic()
    await page.goto(f"http://127.0.0.1:{port}/?room={room}")
    return page, began


async def say(page: Page, texts: list[str]) -> None:
    """Say something in the page."""
    for text in texts:
        await page.fill("[data-say]", text)
        await page.press("[data-say]", "Enter")


async def talk(page: Page, transport: str, text: str) -> None:
    """Say something and see it in the room, over the transport that is expected."""
    await page.wait_for_selector(f"html[data-state=open][data-transport={transport}]")
    await say(page, [text])

    async def is_there() -> bool:
        return text in await messages(page)

    await until(is_there)


async def show(page: Page, folder: Path, name: str, began: float) -> str:
    """Print how long it took, take the screenshot; return what the page says of itself."""
    print(f"{name}: talking after {time.monotonic() - began:.1f} s")
    await page.screenshot(path=folder / f"{name}.png")
    said: str = await page.inner_text("header[data-top]")
    print(" ".join(said.split()))
    return said


def test_plain(server: RunningServer, chromium: str, screenshots: Path) -> None:
    """(a) Nothing in the way: the page is on WebSocket."""

    async def scenario(browser: Browser) -> None:
        page, began = await arrive(browser, server.port, "plain")
        await talk(page, "websocket", "hello")
        assert "WebSocket" in await show(page, screenshots, "plain", began)
        assert await messages(page) == ["hello"]

    play(chromium, scenario)


def test_missing(server: RunningServer, chromium: str, screenshots: Path) -> None:
    """(b) `WebSocket` is deleted before the page loads: a lower rung, and why."""

    async def scenario(browser: Browser) -> None:
        page, began = await arrive(browser, server.port, "missing", "delete window.WebSocket")
        await talk(page, "sse", "hello")
        assert "WebSocket" in await show(page, screenshots, "missing", began)

    play(chromium, scenario)


def test_refused_and_allowed_again(
    server: RunningServer, chromium: str, screenshots: Path, tmp_path: Path
) -> None:
    """(c, e) nginx drops the upgrade, then allows it; 20 messages a second all the while."""

    async def scenario(browser: Browser) -> None:
        with nginx(tmp_path, server.port, websockets=False) as proxy:
            page, began = await arrive(browser, proxy.port, "refused")
            await talk(page, "sse", "hello")
            assert "WebSocket refused: fell back to SSE at" in await show(
                page, screenshots, "refused", began
            )
            async with websockets.connect(server.ws("/broadcast/refused")) as member:
                async with publishing(server.ws("/broadcast/refused?self=0")) as sent:
                    await more(sent, 20)
                    proxy.front(server.port, websockets=True)
                    proxy.reload()
                    await allowed(f"ws://127.0.0.1:{proxy.port}/echo")
                    before, began = len(sent), time.monotonic()
                    await page.evaluate("window.dispatchEvent(new Event('online'))")
                    await say(page, SAID)
                    await page.wait_for_selector("html[data-state=open][data-transport=websocket]")
                    during = len(sent)
                    await show(page, screenshots, "allowed-again", began)
                    await more(sent, 20)
                shown = await first_messages(page, 1 + len(sent) + len(SAID))
                heard = [await member.recv() for _ in shown[1:]]
            assert shown == ["hello", *heard]
            assert [text for text in heard if text.isdigit()] == sent
            assert [text for text in heard if not text.isdigit()] == SAID
            assert 0 < before <= during < len(sent)
            assert await numbers(page) == list(range(1, len(shown) + 1))

    play(chromium, scenario)


async def more(sent: list[str], count: int) -> None:
    """Wait until so many messages more were published."""
    enough = len(sent) + count
    await until(lambda: len(sent) >= enough)


async def allowed(url: str) -> None:
    """Wait until a WebSocket can be opened there every time.

    For a moment of its reload, nginx has workers of both configurations.
    """

    async def in_a_row() -> int:
        for count in range(10):
            try:
                async with websockets.connect(url):
                    pass
            except (OSError, websockets.InvalidHandshake):
                return count
        return 10

    assert await settled(in_a_row, 10) == 10


@asynccontextmanager
async def publishing(url: str) -> AsyncIterator[list[str]]:
    """Say rising numbers, 20 a second; the list has those that were said."""
    sent: list[str] = []
    enough = asyncio.Event()

    async def publish() -> None:
        async with websockets.connect(url) as publisher:
            while not enough.is_set():
                text = str(len(sent))
                await publisher.send(text)
                sent.append(text)
                # The pace of the load, not a wait for anything.
                await asyncio.sleep(0.05)

    task = asyncio.create_task(publish())
    try:
        yield sent
    finally:
        enough.set()
        await task


async def numbers(page: Page) -> list[int]:
    """The offsets of the room's messages, in the order of the page."""
    script = "all => all.map(one => Number(one.dataset.position.split(':').at(-1)))"
    offsets: list[int] = await page.eval_on_selector_all("[data-position]", script)
    return offsets


@pytest.mark.parametrize(
    ("name", "hold_streams", "transport"),
    [("swallowed", False, "sse"), ("swallowed-and-held-back", True, "longpoll")],
)
def test_swallowed(
    server: RunningServer,
    chromium: str,
    screenshots: Path,
    name: str,
    hold_streams: bool,
    transport: str,
) -> None:
    """(d, d2) A proxy takes the upgrade and never answers; another holds back SSE too."""

    async def scenario(browser: Browser) -> None:
        faults = {"swallow_upgrades": True, "hold_streams": hold_streams}
        async with proxying(server.port, **faults) as proxy:
            page, began = await arrive(browser, proxy.port, name)
            await talk(page, transport, "hello")
            assert proxy.swallowed
            assert "WebSocket" in await show(page, screenshots, name, began)

    play(chromium, scenario)


def test_black_hole(server: RunningServer, chromium: str, screenshots: Path) -> None:
    """(d3) An open WebSocket goes silent without being closed: a lower rung, nothing lost."""

    async def scenario(browser: Browser) -> None:
        async with (
            proxying(server.port) as proxy,
            websockets.connect(server.ws("/broadcast/hole?self=0")) as publisher,
        ):
            page, _ = await arrive(browser, proxy.port, "hole")
            await talk(page, "websocket", "hello")
            proxy.swallow_upgrades = True
            proxy.black_hole()
            began = time.monotonic()
            await publisher.send("said into the hole")
            await say(page, ["said from the page"])
            await talk(page, "sse", "back again")
            await show(page, screenshots, "black-hole", began)
            expected = ["hello", "said into the hole", "said from the page", "back again"]
            assert await messages(page) == expected

    play(chromium, scenario)


def test_what_worked_is_remembered_for_the_tab(
    server: RunningServer, chromium: str, screenshots: Path, tmp_path: Path
) -> None:
    """Loaded again where WebSocket is refused, the page begins with the rung that worked."""

    async def scenario(browser: Browser) -> None:
        with nginx(tmp_path, server.port, websockets=False) as proxy:
            page, _ = await arrive(browser, proxy.port, "remembered")
            await talk(page, "sse", "hello")
            asked: list[str] = []
            page.on("websocket", lambda websocket: asked.append(websocket.url))
            began = time.monotonic()
            await page.reload()
            await talk(page, "sse", "again")
            said = await show(page, screenshots, "remembered", began)
            assert "WebSocket refused: fell back to SSE at" in said
            assert not [url for url in asked if url.endswith("/ws")]

    play(chromium, scenario)


def test_the_server_is_restarted(chromium: str, screenshots: Path) -> None:
    """(f) Every page comes back by itself, whatever rung it was on."""

    async def scenario(browser: Browser) -> None:
        rungs = ["websocket", "sse", "longpoll"]
        with running() as first:
            pages = []
            for rung in rungs:
                page, _ = await arrive(browser, first.port, f"again&transport={rung}")
                await talk(page, rung, f"before on {rung}")
                pages.append(page)
        began = time.monotonic()
        for rung, page in zip(rungs, pages, strict=True):
            await page.wait_for_selector("html[data-state=connecting]")
            await page.screenshot(path=screenshots / f"away-{rung}.png")
        with running(listen=f"tcp:{first.port}:interface=127.0.0.1"):
            for rung, page in zip(rungs, pages, strict=True):
                await talk(page, rung, f"after on {rung}")
                await show(page, screenshots, f"restarted-{rung}", began)
                assert await page.get_attribute("html", "data-transport") == rung

    play(chromium, scenario)
