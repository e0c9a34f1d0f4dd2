# SPDX-License-Identifier: MIT
"""The page as people use it: from code, on a phone, by keyboard, without rights or scripts."""

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
import websockets
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import first_messages, open_page, play
from tests.browser.pictures import png
from tests.node import installed, node_program
from tests.support.processes import Process, RunningServer, running
from tests.support.tokens import key_file, token

AWKWARD: Final = 'it\'s; `id` $(id) "quoted" \\ {a,b} ü*!'
PHONE: Final[Any] = {"viewport": {"width": 390, "height": 844}}
WIDE: Final[Any] = {"viewport": {"width": 1280, "height": 800}}


# -- from code


async def copied(page: Page, language: str) -> str:
    """What the page puts on the clipboard for a language."""
    await page.get_by_role("button", name=f"Copy {language}").click()
    await expect(page.get_by_role("status").filter(has_text=f"{language} copied")).to_be_attached()
    text: str = await page.evaluate("navigator.clipboard.readText()")
    return text


def program(language: str, code: str, folder: Path, given: str | None) -> Process:
    """Run what was copied, as its reader would, who puts the token where it is named."""
    if language == "curl":
        variables = {} if given is None else {"TOKEN": given}
        # The shell itself waits for nobody whom it started, and does not end them.
        return Process.start("sh", "-c", code, environment=variables, is_group=True)
    file = folder / {"JavaScript": "room.mjs", "Python": "room.py"}[language]
    file.write_text(code if given is None else code.replace("…", given))
    return Process.start(
        {"JavaScript": node_program(), "Python": sys.executable}[language], str(file)
    )


@pytest.mark.parametrize("room", ["lobby", AWKWARD])
@pytest.mark.parametrize("guarded", [False, True], ids=["open", "guarded"])
def test_what_is_copied_runs(chromium: str, tmp_path: Path, room: str, guarded: bool) -> None:
    """In each language it says hello to the room that the page shows, and hears it."""
    given = token(rooms={"join": ["*"], "publish": ["*"]}) if guarded else None
    options = ["--token-key", str(key_file(tmp_path))] if guarded else []

    async def scenario(browser: Browser) -> None:
        with running(*options) as server:
            context = await browser.new_context()
            await context.grant_permissions(["clipboard-read", "clipboard-write"])
            page = await context.new_page()
            await page.goto(server.http(f"/?{urlencode({'room': room})}"))
            if given is not None:
                await page.fill("[data-token]", given)
                await page.press("[data-token]", "Enter")
            await page.wait_for_selector("html[data-state=open]")
            await page.get_by_text("Use it from code").click()
            for count, language in enumerate(("JavaScript", "Python", "curl"), 1):
                code = await copied(page, language)
                assert given is None or given not in code
                process = program(language, code, tmp_path, given)
                try:
                    heard = process.wait_for(re.compile("hello"))
                    assert heard
                    assert await first_messages(page, count) == ["hello"] * count
                finally:
                    process.end()

    play(chromium, scenario)


# -- on a phone


def test_a_phone_has_tabs(server: RunningServer, chromium: str, screenshots: Path) -> None:
    """One panel at a time, by touch and by keyboard; a page that grows wide has both again."""

    async def scenario(browser: Browser) -> None:
        page = await open_page(browser, server.http("/"), **PHONE)
        tabs = page.get_by_role("tablist", name="Parts of the page").get_by_role("tab")
        room, echo = tabs.nth(0), tabs.nth(1)
        await expect(room).to_have_attribute("aria-selected", "true")
        await expect(page.get_by_role("tabpanel", name="Room")).to_be_visible()
        await expect(page.locator("#echo")).to_be_hidden()
        await page.screenshot(path=screenshots / "room.png")
        await room.focus()
        for key, chosen in (
            ("ArrowRight", echo),
            ("ArrowRight", room),
            ("End", echo),
            ("Home", room),
            ("ArrowLeft", echo),
        ):
            await page.keyboard.press(key)
            await expect(chosen).to_be_focused()
            await expect(chosen).to_have_attribute("aria-selected", "true")
            await expect(page.locator("[role=tab][tabindex='0']")).to_have_count(1)
        await expect(page.get_by_role("tabpanel", name="Echo")).to_be_visible()
        await expect(page.locator("#room")).to_be_hidden()
        await page.screenshot(path=screenshots / "echo.png")
        await page.fill("[data-say]", "said unseen", force=True)
        await room.click()
        await expect(page.locator("[data-say]")).to_be_visible()
        await page.set_viewport_size(WIDE["viewport"])
        await expect(page.get_by_role("tabpanel")).to_have_count(0)
        await expect(page.get_by_role("region", name="Echo")).to_be_visible()
        await expect(page.get_by_role("region", name="Room")).to_be_visible()

    play(chromium, scenario)


def test_messages_that_come_behind_a_tab_are_at_hand(server: RunningServer, chromium: str) -> None:
    """Back at the room, its latest message is in sight; the address may ask for the echo first."""

    async def scenario(browser: Browser) -> None:
        async with websockets.connect(server.ws("/broadcast/behind?self=0")) as member:
            page = await open_page(browser, server.http("/?room=behind#echo"), **PHONE)
            await expect(page.locator("#echo")).to_be_visible()
            for number in range(1, 61):
                await member.send(f"message {number}")
            await first_messages(page, 60)
            await page.get_by_role("tab", name="Room").click()
            await expect(page.locator("[data-position]").last).to_be_in_viewport()

    play(chromium, scenario)


@pytest.mark.parametrize("height", [420, 844])
def test_the_composer_is_in_sight_with_and_without_a_keyboard(
    server: RunningServer, chromium: str, height: int
) -> None:
    """On a phone nothing has to be scrolled for to write."""

    async def scenario(browser: Browser) -> None:
        size: Any = {"viewport": {"width": 390, "height": height}}
        page = await open_page(browser, server.http("/"), **size)
        await expect(page.locator("[data-say]")).to_be_in_viewport(ratio=1)
        scrolls = "document.documentElement.scrollHeight - innerHeight"
        assert await page.evaluate(scrolls) <= 0

    play(chromium, scenario)


# -- what is told before one does something


def test_who_may_only_read_is_told_before_writing(
    chromium: str, screenshots: Path, tmp_path: Path
) -> None:
    """And says more with another token, which there is a button for."""

    async def scenario(browser: Browser) -> None:
        with running("--token-key", str(key_file(tmp_path))) as server:
            page = await (await browser.new_context()).new_page()
            await page.goto(server.http("/?room=news"))
            await page.fill("[data-token]", token(rooms={"join": ["news"]}))
            await page.press("[data-token]", "Enter")
            told = page.get_by_text("You may read this room, but not write in it.")
            await told.wait_for()
            await page.screenshot(path=screenshots / "reading.png")
            assert await page.get_attribute("[data-say]", "placeholder") == "Only to be read"
            await page.get_by_role("button", name="Use another token").click()
            await expect(page.locator("[data-token]")).to_be_focused()
            await page.fill("[data-token]", token(rooms={"join": ["news"], "publish": ["news"]}))
            await page.press("[data-token]", "Enter")
            await told.wait_for(state="hidden")
            await page.fill("[data-say]", "news")
            await page.press("[data-say]", "Enter")
            # Asking whether one may speak has said nothing.
            assert await first_messages(page, 1) == ["news"]

    play(chromium, scenario)


def test_who_may_write_is_told_nothing(server: RunningServer, chromium: str) -> None:
    """A page that may write says so by letting write, and asking has left nothing in the room."""

    async def scenario(browser: Browser) -> None:
        page = await open_page(browser, server.http("/?room=free"))
        await page.locator("[data-people-count]", has_text="1").wait_for()
        await page.fill("[data-say]", "first")
        await page.press("[data-say]", "Enter")
        assert await first_messages(page, 1) == ["first"]
        assert await page.get_attribute("[data-position]", "data-number") == "1"
        await expect(page.locator("[data-reading-only]")).to_be_hidden()

    play(chromium, scenario)


def test_nothing_was_measured_yet(server: RunningServer, chromium: str) -> None:
    """A dash and no unit, until there is a time."""

    async def scenario(browser: Browser) -> None:
        page = await open_page(browser, server.http("/"))
        reading = page.locator(".reading")
        await expect(page.locator("[data-figure=last]")).to_have_text("\u2013")
        await expect(reading.get_by_text("ms")).to_be_hidden()
        await page.fill("[data-ask]", "x")
        await page.press("[data-ask]", "Enter")
        await expect(page.locator("[data-figure=last]")).to_have_text(re.compile(r"^<?[\d.,]+$"))
        await expect(reading.get_by_text("ms")).to_be_visible()

    play(chromium, scenario)


# -- to everybody


@asynccontextmanager
async def full(server: RunningServer, browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page with something of everything in it."""
    async with websockets.connect(server.ws("/broadcast/full?self=0")) as member:
        page = await open_page(browser, server.http("/?room=full"), **options)
        before = await page.locator("[data-position]").count()
        said: list[str | bytes] = [
            "see https://example.org/",
            png(320, 180),
            bytes(40),
            "line\n" * 60,
            "שלום עולם",
        ]
        for data in said:
            await member.send(data)
        await first_messages(page, before + len(said))
        yield page
        await page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_everybody_can_use_it(
    server: RunningServer, chromium: str, screenshots: Path, size: Any, scheme: str
) -> None:
    """Axe finds nothing wrong in either panel nor in what unfolds, and nothing sticks out."""
    axe = (installed() / "node_modules/axe-core/axe.min.js").read_text()

    async def scenario(browser: Browser) -> None:
        async with full(server, browser, color_scheme=scheme, **size) as page:
            await page.evaluate(axe)
            await look(page, screenshots, "room")
            await page.get_by_text("Use it from code").click()
            await look(page, screenshots, "code")
            await page.keyboard.press("Escape")
            await expect(page.locator("[data-snippets]")).to_be_hidden()
            await page.locator("[data-people] summary").click()
            await look(page, screenshots, "people")
            await page.keyboard.press("Escape")
            if size is PHONE:
                await page.get_by_role("tab", name="Echo").click()
            await page.fill("[data-ask]", "x")
            await page.press("[data-ask]", "Enter")
            await page.locator("[data-outcome=equal]").wait_for()
            await look(page, screenshots, "echo")

    play(chromium, scenario)


async def look(page: Page, screenshots: Path, name: str) -> None:
    """Hold what is seen against what axe knows."""
    await page.screenshot(path=screenshots / f"{name}.png")
    too_wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert too_wide <= 0, name
    found = await page.evaluate("axe.run()")
    told = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
    assert told == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_without_scripts_it_says_so(
    server: RunningServer, chromium: str, screenshots: Path, size: Any, scheme: Any
) -> None:
    """The notice is what is seen first, and nothing that is dead is beside it."""

    async def scenario(browser: Browser) -> None:
        context = await browser.new_context(java_script_enabled=False, color_scheme=scheme, **size)
        page = await context.new_page()
        await page.goto(server.http("/"))
        await page.screenshot(path=screenshots / "page.png")
        await expect(
            page.get_by_role("heading", name="This page needs JavaScript")
        ).to_be_in_viewport()
        for dead in ("#echo", "#room", "[role=tablist]", ".top .status"):
            await expect(page.locator(dead).first).to_be_hidden()

    play(chromium, scenario)
