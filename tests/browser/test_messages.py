# SPDX-License-Identifier: MIT
"""What the page makes of a stranger's messages: links, files, pictures, long and heaped texts."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import websockets
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import first_messages, messages, open_page, play
from tests.browser.pictures import png
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.waiting import settled, until

SCRIPT: Final = "localStorage.owned = 'yes'"
HTML: Final = f"<!doctype html><title>x</title><script>{SCRIPT}</script>".encode()
SVG: Final = f'<svg xmlns="http://www.w3.org/2000/svg"><script>{SCRIPT}</script></svg>'.encode()
BOMB: Final = png(30_000, 30_000, rows=0)


@asynccontextmanager
async def speaking(server: RunningServer, room: str) -> AsyncIterator[Any]:
    """Somebody else in the room, who hears nothing of what they say."""
    address = server.ws(f"/broadcast/{quote(room, safe='')}?self=0")
    async with websockets.connect(address, max_size=None) as member:
        yield member


async def shown(page: Page, count: int) -> list[str]:
    """Wait for so many messages."""
    texts = await first_messages(page, count)
    assert len(texts) == count
    return texts


# -- links


def test_addresses_are_links_and_nothing_else_is(server: RunningServer, chromium: str) -> None:
    """They open elsewhere, know nothing of this page, and the text stays what it was."""
    said = [
        "see https://a.example/b_(c), and HTTP://bücher.example.",
        "javascript:alert(1) data:text/html,x file:///etc/passwd a@b.example www.a.example",
        "https://bank.example@evil.example/",
        "https://a.example/\u202egpj.exe",
        "<a href=http://c.example>x</a>",
    ]

    async def scenario(browser: Browser) -> None:
        async with speaking(server, "links") as member:
            page = await open_page(browser, server.http("/?room=links"))
            for text in said:
                await member.send(text)
            assert await shown(page, len(said)) == said
            links = await page.eval_on_selector_all(
                "[data-position] a",
                "all => all.map(a => [a.textContent, a.href, a.target, a.rel, a.title])",
            )
            elsewhere = ["_blank", "noopener noreferrer"]
            punycode = "http://xn--bcher-kva.example/"
            assert links == [
                ["https://a.example/b_(c)", "https://a.example/b_(c)", *elsewhere, ""],
                ["HTTP://bücher.example", punycode, *elsewhere, punycode],
                ["http://c.example", "http://c.example/", *elsewhere, ""],
            ]

    play(chromium, scenario)


# -- files and pictures


@pytest.mark.parametrize(
    ("name", "data", "ending"),
    [
        ("html", HTML, "bin"),
        ("svg", SVG, "bin"),
        ("octets", bytes(range(256)), "bin"),
        ("png", png(4, 3), "png"),
        ("png with a script behind it", png(4, 3) + HTML, "png"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_is_saved_and_never_run(
    server: RunningServer, chromium: str, name: str, data: bytes, ending: str
) -> None:
    """By a click it is saved, whole; and in a tab of its own nothing of it is executed."""

    async def scenario(browser: Browser) -> None:
        async with speaking(server, f"file {name}") as member:
            page = await open_page(browser, server.http(f"/?room=file+{quote(name)}"))
            await member.send(data)
            await shown(page, 1)
            link = page.locator("[data-position] a.save")
            async with page.expect_download() as started:
                await link.click()
            saved = await started.value
            assert saved.suggested_filename == f"file-{name.replace(' ', '-')}-1.{ending}"
            assert content(await saved.path()) == data
            await look_at(page, str(await link.get_attribute("href")), is_shown=ending != "bin")
            assert await page.evaluate("localStorage.owned") is None

    play(chromium, scenario)


def content(path: Path) -> bytes:
    """What is in a file."""
    return path.read_bytes()


async def look_at(page: Page, address: str, *, is_shown: bool) -> None:
    """Open an address of the page's in a tab, as nobody can but a page of the same origin."""
    tab = await page.context.new_page()
    await tab.goto(page.url)
    go = "address => void setTimeout(() => (location.href = address))"
    if is_shown:
        await tab.evaluate(go, address)
        await tab.wait_for_url("blob:**")
        await tab.wait_for_load_state()
        assert await tab.evaluate("document.contentType") == "image/png"
    else:
        async with tab.expect_download():
            await tab.evaluate(go, address)
    await tab.close()


def test_pictures_are_shown_and_what_is_none_is_not(
    server: RunningServer, chromium: str, screenshots: Path
) -> None:
    """Of four formats of pixels; no SVG, no HTML, nothing broken, nothing of gigabytes."""

    async def scenario(browser: Browser) -> None:
        async with speaking(server, "pictures") as member:
            page = await open_page(browser, server.http("/?room=pictures"))
            complaints: list[str] = []
            page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
            drawn = png(320, 180)
            broken = drawn[:60] + bytes(40) + drawn[100:]
            cut = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", 8, 8) + b"\x08\x02"
            for data in (drawn, SVG, HTML, BOMB, cut, broken):
                await member.send(data)
            texts = await shown(page, 6)
            assert texts[1] == f"binary, {len(SVG)} bytes " + SVG[:12].hex(" ") + " …"
            picture = page.locator("[data-position] img")

            async def sizes() -> Any:
                script = "all => all.map(i => [i.naturalWidth, i.naturalHeight])"
                # A browser may draw of a broken one what it can.
                return (await picture.evaluate_all(script))[:1]

            assert await settled(sizes, [[320, 180]]) == [[320, 180]]
            rows = "all => all.map(i => i.closest('li').dataset.number)"
            assert set(await picture.evaluate_all(rows)) <= {"1", "6"}
            assert await page.locator("[data-position] a.save").count() == 6
            assert complaints == []
            await page.screenshot(path=screenshots / "pictures.png")

    play(chromium, scenario)


def test_pictures_push_nothing_out_of_sight(server: RunningServer, chromium: str) -> None:
    """A page that joins a room of pictures stands at the latest message, tall ones and all."""

    async def scenario(browser: Browser) -> None:
        async with speaking(server, "gallery") as member:
            for data in (png(640, 360), png(40, 1_000), png(1, 1), "the latest"):
                await member.send(data)
            size: Any = {"viewport": {"width": 390, "height": 844}}
            page = await open_page(browser, server.http("/?room=gallery"), **size)
            await shown(page, 4)
            pictures = page.locator("[data-position] img")
            for row in range(3):
                await pictures.nth(row).scroll_into_view_if_needed()
            drawn = "all => all.every(one => one.complete && one.naturalWidth > 0)"
            await until(lambda: pictures.evaluate_all(drawn))
            sizes = "all => all.map(one => [one.clientWidth, one.clientHeight])"
            wide, tall, dot = await pictures.evaluate_all(sizes)
            assert abs(wide[0] / wide[1] - 640 / 360) < 0.05
            assert tall == [12, 288]
            assert dot == [1, 1]
            again = await open_page(browser, server.http("/?room=gallery"), **size)
            await shown(again, 4)
            await until(
                lambda: again.locator("[data-position] img").last.evaluate("i => i.complete")
            )
            latest = again.get_by_text("the latest")
            await expect(latest).to_be_in_viewport()
            await member.send("later still")
            await expect(again.get_by_text("later still")).to_be_in_viewport()

    play(chromium, scenario)


def test_old_files_make_place(server: RunningServer, chromium: str) -> None:
    """The page keeps so many bytes, not all that a room ever sends; the oldest go first."""
    file = bytes(15_000_000)

    async def scenario(browser: Browser) -> None:
        async with speaking(server, "files") as member:
            page = await open_page(browser, server.http("/?room=files"))
            for count in range(1, 7):
                await member.send(file)
                await shown(page, count)
            kept = await page.eval_on_selector_all(
                "[data-position]", "all => all.map(one => !!one.querySelector('.save'))"
            )
            assert kept == [False, False, True, True, True, True]

    play(chromium, scenario)


# -- texts


def test_a_long_text_is_folded(server: RunningServer, chromium: str, screenshots: Path) -> None:
    """It takes part of the window until it is unfolded; then all of it is there."""
    lines = "\n".join(f"line {number}" for number in range(60))
    vast = "word " * 20_000

    async def scenario(browser: Browser) -> None:
        async with speaking(server, "long") as member:
            page = await open_page(browser, server.http("/?room=long"))
            for text in (lines, vast, "short"):
                await member.send(text)
            texts = await shown(page, 3)
            assert texts == [lines, vast[:10_000], "short"]
            rows = page.locator("[data-position]")
            await page.screenshot(path=screenshots / "folded.png")
            folded = await rows.nth(0).bounding_box()
            assert folded is not None
            assert folded["height"] < 400
            more = rows.nth(1).get_by_role("button", name="Show all 100,000 characters")
            assert await more.get_attribute("aria-expanded") == "false"
            await more.press("Enter")
            assert (await messages(page))[1] == vast
            less = rows.nth(1).get_by_role("button", name="Show less")
            assert await less.get_attribute("aria-expanded") == "true"
            await less.press("Enter")
            height = "one => one.getBoundingClientRect().height"
            assert await rows.nth(1).evaluate(height) < 400
            assert await rows.nth(2).get_by_role("button").count() == 0

    play(chromium, scenario)


def test_heaped_accents_stay_in_their_row(
    server: RunningServer, chromium: str, screenshots: Path
) -> None:
    """The rows above and below look as they do beside a plain text."""
    accents = "".join(chr(0x300 + number % 0x50) for number in range(400))
    heaped = f"a{accents}b{accents}c"

    async def scenario(browser: Browser) -> None:
        looks = []
        for room, text in (("plain", "abc"), ("heaped", heaped)):
            page = await open_page(browser, server.http(f"/?room={room}"))
            for said in ("above", text, "below"):
                # From nobody, so that no name beside it is wider than another.
                url, plain = server.http(f"/broadcast/{room}"), {"content-type": "text/plain"}
                await page.request.post(url, data=said.encode(), headers=plain)
            await shown(page, 3)
            bodies = page.locator("[data-position] .text")
            await page.screenshot(path=screenshots / f"{room}.png")
            looks.append([await bodies.nth(row).screenshot() for row in (0, 2)])
        assert looks[0] == looks[1]

    play(chromium, scenario)


# -- what was said earlier


async def numbers(page: Page) -> list[int]:
    """The offsets of what is shown, in the order of the page."""
    script = "all => all.map(one => Number(one.dataset.number))"
    found: list[int] = await page.eval_on_selector_all("[data-position]", script)
    return found


@pytest.mark.parametrize("rung", ["websocket", "sse", "longpoll"])
def test_earlier_messages_are_fetched_once_and_in_order(
    chromium: str, screenshots: Path, rung: str
) -> None:
    """Up to what the room keeps, while others go on; and what is read stays where it is."""

    async def scenario(browser: Browser) -> None:
        with running("--history", "1200") as server:
            async with speaking(server, "deep") as member:
                for number in range(1, 1_301):
                    await member.send(f"message {number}")
                page = await open_page(browser, server.http(f"/?room=deep&transport={rung}"))
                await shown(page, 500)
                button = page.get_by_role("button", name="Show earlier messages")
                await button.scroll_into_view_if_needed()
                row = page.locator('[data-number="801"]')
                before = await row.bounding_box()
                await button.click()
                for number in (1_301, 1_302):
                    await member.send(f"message {number}")
                await shown(page, 1_002)
                assert await numbers(page) == list(range(301, 1_303))
                after = await row.bounding_box()
                assert before is not None
                assert after is not None
                assert abs(after["y"] - before["y"]) < 40, "what was read is still in sight"
                await page.screenshot(path=screenshots / "earlier.png")
                await button.click()
                await page.get_by_text("All that the room has kept").wait_for()
                # Two were said since, for which the room forgot its oldest.
                assert await numbers(page) == list(range(103, 1_303))
                assert not await button.is_visible()

    play(chromium, scenario)


def test_what_had_to_go_can_be_fetched_again(chromium: str) -> None:
    """A page that was flooded keeps the latest, and fetches the others where that is wished."""

    async def scenario(browser: Browser) -> None:
        with running("--history", "5000", "--send-queue", "16MiB") as server:
            async with speaking(server, "flood") as member:
                page = await open_page(browser, server.http("/?room=flood"))
                button = page.get_by_role("button", name="Show earlier messages")
                assert not await button.is_visible()
                for number in range(1_300):
                    await member.send(f"message {number}")

                async def latest() -> int:
                    return (await numbers(page) or [0])[-1]

                assert await settled(latest, 1_300) == 1_300
                first = (await numbers(page))[0]
                assert first > 1
                while not await page.get_by_text("All that the room has kept").is_visible():
                    await button.click()
                    await until_quiet(page)
                assert await numbers(page) == list(range(1, 1_301))

    play(chromium, scenario)


async def until_quiet(page: Page) -> None:
    """Wait until nothing is being fetched."""

    async def is_quiet() -> bool:
        return await page.get_by_text("Fetching …").count() == 0

    await until(is_quiet, PATIENCE)


def test_a_room_that_told_all_offers_no_more(server: RunningServer, chromium: str) -> None:
    """Neither an empty one, nor one of a few messages."""

    async def scenario(browser: Browser) -> None:
        async with speaking(server, "few") as member:
            await member.send("one")
            page = await open_page(browser, server.http("/?room=few"))
            await shown(page, 1)
            assert not await page.locator("[data-earlier]").is_visible()
            await page.fill("[data-room-name]", "none at all")
            await page.press("[data-room-name]", "Enter")
            await page.wait_for_selector("html[data-state=open]")
            assert not await page.locator("[data-earlier]").is_visible()

    play(chromium, scenario)
