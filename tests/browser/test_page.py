# SPDX-License-Identifier: MIT
"""The page in real Chromium, with other clients in its room."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import pytest
import websockets

from tests.browser.conftest import browsing, first_messages, messages, open_page
from tests.support.processes import PATIENCE, RunningServer, running


def test_the_page_and_three_clients_see_one_order(  # noqa: C901
    server: RunningServer, chromium: str, screenshots: Path
) -> None:
    """Two `websockets` clients, one aiohttp client and the page: text and binary, all speaking."""

    async def main() -> None:
        url = server.ws("/broadcast/four")
        async with (
            browsing(chromium) as browser,
            websockets.connect(url) as one,
            websockets.connect(url) as two,
            aiohttp.ClientSession() as session,
            session.ws_connect(url) as three,
        ):
            page = await open_page(browser, server.http("/?room=four"))
            expected = 4 * 25

            async def speak(send: Any, name: str) -> None:
                for number in range(25):
                    await send(f"{name} {number}")

            async def speak_binary() -> None:
                for number in range(25):
                    await two.send(bytes([number, 255]))

            async def type_into_page(text: str) -> None:
                await page.fill("[data-say]", text)
                await page.press("[data-say]", "Enter")

            async def hear(receive: Any) -> list[Any]:
                return [await receive() for _ in range(expected)]

            async def receive_aiohttp() -> Any:
                return (await three.receive()).data

            heard = asyncio.gather(hear(one.recv), hear(two.recv), hear(receive_aiohttp))
            await asyncio.gather(
                speak(one.send, "one"),
                speak_binary(),
                speak(three.send_str, "three"),
                speak(type_into_page, "page"),
            )
            first, second, third = await asyncio.wait_for(heard, PATIENCE)
            shown = await first_messages(page, expected)
            await page.screenshot(path=screenshots / "room.png")
            assert first == second == third
            assert len(shown) == expected
            for message, text in zip(first, shown, strict=True):
                if isinstance(message, str):
                    assert text == message
                else:
                    assert text.startswith("binary, 2 bytes")
                    assert message.hex(" ") in text

    asyncio.run(main())


@pytest.mark.parametrize("transport", ["websocket", "sse", "longpoll"])
def test_a_room_carries_what_json_cannot(
    server: RunningServer, chromium: str, tmp_path: Path, transport: str
) -> None:
    """Bytes, and text that begins with U+0000, both ways; in a room of an awkward name."""
    room = f"..{transport}/ü."
    file = tmp_path / "sample.bin"
    file.write_bytes(bytes(range(256)))

    async def main() -> None:
        url = server.ws(f"/broadcast/{quote(room, safe='')}")
        async with browsing(chromium) as browser, websockets.connect(url) as member:
            query = urlencode({"room": room, "transport": transport})
            page = await open_page(browser, server.http(f"/?{query}"))
            await member.send("\0text")
            await member.send(b"\0bytes")
            await page.locator("#room input[type=file]").set_input_files(file)
            await page.fill("[data-say]", "\0typed")
            await page.press("[data-say]", "Enter")
            shown = await first_messages(page, 4)
            heard = [await member.recv() for _ in shown]
            assert heard[:2] == ["\0text", b"\0bytes"]
            assert sorted(heard[2:], key=str) == ["\0typed", file.read_bytes()]
            assert shown[0] == "\0text"
            assert shown[1] == "binary, 6 bytes " + b"\0bytes".hex(" ")

    asyncio.run(main())


def test_the_echo_panel_gets_back_what_it_sent(
    server: RunningServer, chromium: str, screenshots: Path, tmp_path: Path
) -> None:
    """Text by keyboard, a file as binary; both found equal, with their round-trip times."""
    file = tmp_path / "sample.bin"
    file.write_bytes(bytes(range(256)) * 100)

    async def main() -> None:
        async with browsing(chromium) as browser:
            page = await open_page(browser, server.http("/"))
            await page.fill("[data-ask]", "héllo")
            await page.press("[data-ask]", "Enter")
            echo = page.locator("#echo")
            await echo.get_by_text("equal").first.wait_for()
            await echo.locator("input[type=file]").set_input_files(file)
            await echo.get_by_text("sample.bin").wait_for()
            await echo.locator("[data-outcome=equal]").nth(1).wait_for()
            assert await echo.get_by_text("equal", exact=True).count() == 2
            await page.screenshot(path=screenshots / "echo.png")

    asyncio.run(main())


def test_the_page_fits_a_phone_in_the_dark(
    server: RunningServer, chromium: str, screenshots: Path
) -> None:
    """Nothing is wider than 360 pixels, and what is shown follows the system's colours."""

    async def main() -> None:
        async with browsing(chromium) as browser:
            options = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
            page = await open_page(browser, server.http("/"), **options)
            await page.screenshot(path=screenshots / "phone.png", full_page=True)
            assert await page.evaluate("document.documentElement.scrollWidth") == 360
            background = await page.evaluate(
                "getComputedStyle(document.documentElement).backgroundColor"
            )
            red = int(background.removeprefix("rgb(").split(",")[0])
            assert red < 64

    asyncio.run(main())


def test_the_page_obeys_its_own_policy(server: RunningServer, chromium: str) -> None:
    """No script, style or request that the Content-Security-Policy forbids, and no error."""

    async def main() -> None:
        async with browsing(chromium) as browser:
            context = await browser.new_context()
            page = await context.new_page()
            complaints: list[str] = []
            page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(server.http("/"))
            await page.wait_for_selector("html[data-state=open]")
            assert complaints == []

    asyncio.run(main())


def test_a_plain_page_reads_the_template(chromium: str, tmp_path: Path) -> None:
    """`new WebSocket(…)` in a page opened from a file, sending `Connection Established`."""
    file = tmp_path / "plain.html"
    file.write_text("<!doctype html><p>plain")
    script = """url => new Promise(resolve => {
        const socket = new WebSocket(url);
        socket.onopen = () => socket.send("Connection Established");
        socket.onmessage = event => resolve(event.data);
        socket.onerror = () => resolve("refused");
    })"""

    async def main() -> None:
        with running("--reply", "Data received as:  {data}!") as server:
            async with browsing(chromium) as browser:
                page = await (await browser.new_context()).new_page()
                await page.goto(file.as_uri())
                answer = await page.evaluate(script, server.ws("/").removesuffix("/"))
                assert answer == "Data received as:  Connection Established!"

    asyncio.run(main())


def test_what_is_said_while_the_server_is_away_is_not_lost(chromium: str) -> None:
    """The page says that it is connecting, keeps the text, and sends it to the next server."""

    async def main() -> None:
        async with browsing(chromium) as browser:
            with running() as first:
                page = await open_page(browser, first.http("/?room=later"))
            await page.wait_for_selector("html[data-state=connecting]")
            await page.fill("[data-say]", "said in between")
            await page.press("[data-say]", "Enter")
            assert await messages(page) == []
            with running(listen=f"tcp:{first.port}:interface=127.0.0.1"):
                await page.wait_for_selector("html[data-state=open]")
                assert await first_messages(page, 1) == ["said in between"]

    asyncio.run(main())
