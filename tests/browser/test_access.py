# SPDX-License-Identifier: MIT
"""The page of a room that remembers and may be guarded: history, resuming, who is here, tokens."""

import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.conftest import messages, open_page, play
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.tokens import OTHER_ED, key_file, token
from tests.support.waiting import settled

RUNGS = ["websocket", "sse", "longpoll"]
ROOMS = {"join": ["open-*"], "publish": ["open-*"]}


async def arrive(context: BrowserContext, url: str, state: str = "open") -> Page:
    """A page that has come so far."""
    page = await context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    await page.goto(url)
    await page.wait_for_selector(f"html[data-state={state}]")
    return page


async def say(page: Page, text: str) -> None:
    """Say something in the page."""
    await page.fill("[data-say]", text)
    await page.press("[data-say]", "Enter")


async def shown(page: Page, expected: list[str]) -> None:
    """Wait until the page shows these messages, and no others."""
    assert await settled(lambda: messages(page), expected) == expected


async def members(page: Page, expected: list[str]) -> None:
    """Wait until the page counts and names those who are here."""
    await page.locator("[data-people-count]", has_text=str(len(expected))).wait_for()
    await page.locator("[data-people-names]", has_text=", ".join(expected)).wait_for(
        state="attached"
    )


async def asked(page: Page, why: str) -> None:
    """Wait until the page asks for a token for this reason."""
    await page.locator("[data-token-why]", has_text=why).wait_for()


async def present(page: Page, text: str) -> None:
    """Give the page a token."""
    await page.fill("[data-token]", text)
    await page.press("[data-token]", "Enter")


class Operator:
    """A WAMP session that speaks JSON over WebSocket, to ask the router."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._requests = 0

    async def call(self, procedure: str, *args: Any) -> Any:
        """Call a procedure; return its one result."""
        self._requests += 1
        await self._socket.send(json.dumps([48, self._requests, {}, procedure, list(args)]))
        result = json.loads(await self._socket.recv())
        assert result[0] == 50, result
        return result[3][0] if len(result) > 3 else None


@asynccontextmanager
async def operating(server: RunningServer) -> AsyncIterator[Operator]:
    """A session of our own."""
    protocol = websockets.Subprotocol("wamp.2.json")
    async with websockets.connect(server.ws("/ws"), subprotocols=[protocol]) as socket:
        await socket.send(json.dumps([1, "realm1", {"roles": {"caller": {}}}]))
        assert json.loads(await socket.recv())[0] == 2
        yield Operator(socket)


# -- history


def test_a_room_is_joined_with_its_past(
    server: RunningServer, chromium: str, screenshots: Path
) -> None:
    """What was said before is shown first, with the time that it was said at; then what is said."""

    async def scenario(browser: Browser) -> None:
        async with websockets.connect(server.ws("/broadcast/past")) as publisher:
            said = [f"said before {number}" for number in range(30)]
            for text in [*said, "\0awkward"]:
                await publisher.send(text)
            for _ in range(31):
                await publisher.recv()
            page = await open_page(browser, server.http("/?room=past"))
            await shown(page, [*said, "\0awkward"])
            await publisher.send("said after")
            await shown(page, [*said, "\0awkward", "said after"])
            await page.screenshot(path=screenshots / "past.png")
            metas = await page.eval_on_selector_all(
                "[data-position]", "all => all.map(one => one.dataset.meta)"
            )
            # Who has no token is a guest, by the first characters of the id.
            who = re.compile("\u2068guest .{5}\u2069 · [0-9:]{8}")
            said_by = [who.fullmatch(meta) for meta in metas]
            assert [bool(match) for match in said_by] == [True] * 32

    play(chromium, scenario)


# -- resuming


@pytest.mark.parametrize("rung", RUNGS)
def test_what_is_said_during_a_cut_is_fetched(
    server: RunningServer, chromium: str, screenshots: Path, rung: str
) -> None:
    """The server ends the session while the page has no network: it resumes, and says so."""
    room = f"cut-{rung}"

    async def scenario(browser: Browser) -> None:
        async with (
            operating(server) as operator,
            websockets.connect(server.ws(f"/broadcast/{room}?self=0")) as publisher,
        ):
            page = await open_page(browser, server.http(f"/?room={room}&transport={rung}"))
            await say(page, "before")
            await shown(page, ["before"])
            await page.context.set_offline(True)
            await page.wait_for_selector("html[data-state=offline]")
            await operator.call("wamp.session.kill_all")
            said = [f"meanwhile {number}" for number in range(12)]
            for text in said:
                await publisher.send(text)
            await say(page, "from the page")
            await page.context.set_offline(False)
            await shown(page, ["before", *said, "from the page"])
            told = page.get_by_text("resumed: 12 messages fetched")
            await told.wait_for()
            assert await told.count() == 1
            await page.screenshot(path=screenshots / "resumed.png")

    play(chromium, scenario)


@pytest.mark.parametrize("rung", ["sse", "longpoll"])
def test_a_page_that_goes_says_goodbye(chromium: str, rung: str) -> None:
    """The server forgets the session at once, long before it would miss the page."""

    async def scenario(browser: Browser) -> None:
        with running("--lp-timeout", "3600") as server:
            async with operating(server) as operator:
                page = await open_page(browser, server.http(f"/?transport={rung}"))
                assert await operator.call("wamp.session.count") == 2
                await page.goto("about:blank")
                assert await settled(lambda: operator.call("wamp.session.count"), 1) == 1

    play(chromium, scenario)


# -- who is here


def test_two_pages_see_each_other(server: RunningServer, chromium: str, screenshots: Path) -> None:
    """Each marks itself; a page that goes is gone from the other's list."""

    async def scenario(browser: Browser) -> None:
        url = server.http("/?room=company")
        page = await open_page(browser, url)
        await members(page, ["you"])
        phone = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
        other = await open_page(browser, url, **phone)
        await page.locator("[data-people-count]", has_text="2").wait_for()
        await page.click("[data-people] summary")
        await page.locator(".member").nth(1).wait_for()
        assert await page.locator(".member.own").count() == 1
        await page.screenshot(path=screenshots / "two.png")
        ids = [await ids_of(page), await ids_of(other)]
        assert sorted(ids[0]) == sorted(ids[1])
        assert ids[0][0] == ids[1][1], "each has itself first"
        await other.screenshot(path=screenshots / "phone.png")
        assert await other.evaluate("document.documentElement.scrollWidth") == 360
        await other.goto("about:blank")
        await members(page, ["you"])

    play(chromium, scenario)


async def ids_of(page: Page) -> list[str]:
    """The ids of the members, as the page lists them."""
    if await page.get_attribute("[data-people]", "open") is None:
        await page.click("[data-people] summary")
    await page.locator(".member").nth(1).wait_for()
    ids: list[str] = await page.eval_on_selector_all(
        ".member", "all => all.map(one => one.dataset.member)"
    )
    return ids


def test_a_page_is_one_member_however_it_comes(server: RunningServer, chromium: str) -> None:
    """Loaded again, and on another rung, it is the same member; another's list does not stir."""

    async def scenario(browser: Browser) -> None:
        page = await open_page(browser, server.http("/?room=same"))
        other = await open_page(browser, server.http("/?room=same"))
        await other.locator("[data-people-count]", has_text="2").wait_for()
        before = await ids_of(other)
        await page.goto(server.http("/?room=same&transport=sse"))
        await page.wait_for_selector("html[data-state=open][data-transport=sse]")
        await page.locator("[data-people-count]", has_text="2").wait_for()
        assert sorted(await ids_of(page)) == sorted(before)
        assert await ids_of(other) == before

    play(chromium, scenario)


# -- tokens


@pytest.mark.parametrize("rung", RUNGS)
def test_a_token_opens_the_room(
    chromium: str, screenshots: Path, tmp_path: Path, rung: str
) -> None:
    """Asked for, refused where it is bad, kept for the tab, never in the address."""

    async def scenario(browser: Browser) -> None:
        with running("--token-key", str(key_file(tmp_path))) as server:
            url = server.http(f"/?room=open-state&transport={rung}")
            context = await browser.new_context()
            page = await arrive(context, url, "closed")
            await asked(page, "The server wants a token.")
            await page.wait_for_selector("#echo[data-connection=open]")
            await say(page, "written before")
            await page.screenshot(path=screenshots / "asked.png")
            await present(page, token(OTHER_ED, rooms=ROOMS))
            await asked(page, "The token's signature is wrong.")
            await page.screenshot(path=screenshots / "refused.png")
            await present(page, token(sub="ann", name="Ann", rooms=ROOMS))
            await page.wait_for_selector(f"html[data-state=open][data-transport={rung}]")
            await shown(page, ["written before"])
            assert not await page.is_visible("[data-token-form]")
            assert page.url == url
            await page.reload()
            await page.wait_for_selector("html[data-state=open]")
            await shown(page, ["written before"])
            await page.screenshot(path=screenshots / "open.png")
            other = await arrive(await browser.new_context(), url, "closed")
            await asked(other, "The server wants a token.")

    play(chromium, scenario)


def test_a_token_that_does_not_reach_so_far(
    chromium: str, screenshots: Path, tmp_path: Path
) -> None:
    """A room, or speaking, that it does not grant: said plainly; another token helps."""

    async def scenario(browser: Browser) -> None:
        with running("--token-key", str(key_file(tmp_path))) as server:
            page = await arrive(
                await browser.new_context(), server.http("/?room=closed-circle"), "closed"
            )
            await present(page, token(rooms=ROOMS))
            await asked(page, "You are not allowed to be in this room")
            await page.screenshot(path=screenshots / "not-this-room.png")
            await present(page, token(rooms={"join": ["closed-*"]}))
            await page.wait_for_selector("html[data-state=open]")
            await say(page, "may I?")
            await page.get_by_text("you are not allowed to speak").wait_for()
            await page.screenshot(path=screenshots / "not-speaking.png")
            assert await messages(page) == []

    play(chromium, scenario)


@pytest.mark.parametrize("rung", RUNGS)
def test_a_token_that_expires(chromium: str, screenshots: Path, tmp_path: Path, rung: str) -> None:
    """The page asks for another, and what was written meanwhile goes out with it."""

    async def scenario(browser: Browser) -> None:
        with running("--token-key", str(key_file(tmp_path))) as server:
            page = await arrive(
                await browser.new_context(),
                server.http(f"/?room=open-end&transport={rung}"),
                "closed",
            )
            soon = int(time.time()) + 8
            await present(page, token(sub="ann", rooms=ROOMS, exp=soon))
            await page.wait_for_selector("html[data-state=open]")
            await page.wait_for_selector("html[data-state=closed]")
            await asked(page, "The token has expired.")
            await say(page, "patience")
            await page.screenshot(path=screenshots / "expired.png")
            await present(page, token(sub="ann", rooms=ROOMS))
            await shown(page, ["patience"])
            assert await page.get_attribute("html", "data-state") == "open"

    play(chromium, scenario)


# -- a browser without WebSocket


def test_there_is_nothing_to_try_where_websocket_is_missing(
    server: RunningServer, chromium: str
) -> None:
    """The echo says so, and offers no button that could not help."""

    async def scenario(browser: Browser) -> None:
        context = await browser.new_context()
        await context.add_init_script("delete window.WebSocket")
        page = await arrive(context, server.http("/?room=none"))
        echo = page.locator("#echo")
        await echo.get_by_text("this browser has no WebSocket").wait_for()
        assert not await echo.get_by_role("button", name="Try now").is_visible()

    play(chromium, scenario)
