# SPDX-License-Identifier: MIT
"""Chromium, and a folder for what the tests saw."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.support.processes import RunningServer, running
from tests.support.waiting import until

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Scenario = Callable[[Browser], Awaitable[None]]
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """A server with its defaults on a free port of loopback."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("Chromium is missing: apt install chromium")
    return path


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Path:
    """Where this test's screenshots go, without those of an earlier run."""
    folder = SCREENSHOTS / str(request.node.name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@asynccontextmanager
async def browsing(chromium: str) -> AsyncIterator[Browser]:
    """A browser that is gone at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def open_page(browser: Browser, url: str, **options: object) -> Page:
    """A page that is talking."""
    context = await browser.new_context(**options)  # type: ignore[arg-type]  # Playwright's own
    page = await context.new_page()
    page.set_default_timeout(30_000)
    await page.goto(url)
    await page.wait_for_selector("html[data-state=open]")
    return page


async def messages(page: Page) -> list[str]:
    """The texts of the room's messages, in the order of the page."""
    script = "all => all.map(one => one.textContent)"
    texts: list[str] = await page.eval_on_selector_all("[data-position]", script)
    return texts


async def first_messages(page: Page, count: int) -> list[str]:
    """The same, as soon as the page shows so many."""

    async def are_there() -> bool:
        return len(await messages(page)) >= count

    await until(are_there)
    return await messages(page)


def play(chromium: str, scenario: Scenario) -> None:
    """Run a scenario with a browser."""

    async def main() -> None:
        async with browsing(chromium) as browser:
            await scenario(browser)

    asyncio.run(main())
