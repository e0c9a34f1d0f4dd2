# SPDX-License-Identifier: MIT
"""The pages in docs/examples that stand beside a program, in Chromium."""

import asyncio
import json
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, Response

from tests.browser.conftest import play
from tests.support.processes import PATIENCE, running
from tests.support.proxies import proxying
from tests.support.recipes import DJANGO, EXAMPLES, FLASK, backend
from wsecho.client import publish_async

MILLISECONDS: Final = 1000


async def opened(browser: Browser, url: str) -> Page:
    """A page of its own."""
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(PATIENCE * MILLISECONDS)
    await page.goto(url)
    return page


async def enter(page: Page, label: str, text: str) -> None:
    """Write something into a field, and send it."""
    await page.get_by_label(label).fill(text)
    await page.keyboard.press("Enter")


def test_an_answer_as_it_is_written(chromium: str) -> None:
    """From its beginning for who comes late, and on over a break, to its end."""
    with running("--web", str(EXAMPLES / "stream")) as server:
        room = server.http("/broadcast/answer-17")

        async def main(browser: Browser) -> None:
            async with proxying(server.port) as proxy:
                for word in ("one", "two"):
                    await publish_async(room, json.dumps({"text": word}))
                page = await opened(browser, f"http://127.0.0.1:{proxy.port}/?room=answer-17")
                await page.get_by_text("one two", exact=True).wait_for()
                proxy.cut()
                await page.get_by_text("waiting").wait_for()
                await publish_async(room, json.dumps({"text": "three"}))
                proxy.is_cut = False
                await page.get_by_text("one two three", exact=True).wait_for()
                await publish_async(room, json.dumps({"text": "four"}))
                await publish_async(room, json.dumps({"end": True}))
                await page.get_by_text("done").wait_for()
                assert await page.text_content("#answer") == "one two three four "

        play(chromium, main)


def is_let_in(response: Response) -> bool:
    """Whether it is the room's, for somebody who has logged in."""
    return response.url.endswith("/room") and response.ok


def test_the_chat_of_flask(chromium: str, tmp_path: Path) -> None:
    """What one says, both see; who comes later sees it too."""
    with backend(tmp_path, *FLASK) as (origin, _):

        async def main(browser: Browser) -> None:
            pages = await asyncio.gather(*(opened(browser, origin) for _ in range(2)))
            for page, name in zip(pages, ("ann", "bob"), strict=True):
                # Not the one that the page got before anybody had logged in.
                async with page.expect_response(is_let_in):
                    await enter(page, "Your name:", name)
                await enter(page, "Say:", f"{name} is here")
            for page in pages:
                for name in ("ann", "bob"):
                    await page.get_by_text(f"{name}: {name} is here").wait_for()

        play(chromium, main)


def test_the_orders_of_django(chromium: str, tmp_path: Path) -> None:
    """A customer who has logged in sees what becomes of an order."""
    with backend(tmp_path, *DJANGO) as (origin, _):

        async def main(browser: Browser) -> None:
            page = await opened(browser, origin)
            async with page.expect_response(is_let_in):
                await enter(page, "Your number:", "7")
            ship = """() => fetch("/ship/7/17", { method: "POST", headers: {
                "X-CSRFToken": document.cookie.match(/csrftoken=(\\w+)/)[1] } })"""
            await page.evaluate(ship)
            await page.get_by_text("Order 17: shipped").wait_for()

        play(chromium, main)
