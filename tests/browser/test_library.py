# SPDX-License-Identifier: MIT
"""The library in real Chromium: pages of other origins, workers, scripts, and many tabs."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import open_page, play
from tests.browser.test_docs import Quiet
from tests.browser.test_ladder import say
from tests.support.documents import DOCS
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.proxies import free_port, nginx
from tests.support.waiting import settled, until

CHAT = DOCS / "examples/chat/index.html"

TALK = """
  const server = connect(URL);
  const room = server.room("lobby", { history: 5 });
  server.on("status", (status) => tell({ status }));
  room.on("message", ({ data, mine }) => tell({ data, mine }));
  room.publish("from " + WHO).then(tell, ({ code }) => tell({ code }));
"""
MODULE = 'import { connect } from "URL/wsecho.js";' + TALK
PAGES = {
    "module": "<script type=module>const tell = (what) => told.push(what);" + MODULE + "</script>",
    "worker": """<script>
      const worker = new Worker("worker.js", { type: "module" });
      worker.onmessage = ({ data }) => told.push(data);
    </script>""",
    "script": """<script src="URL/wsecho.global.js"></script><script>
      const tell = (what) => told.push(what);
      const { connect } = window.wsecho;"""
    + TALK
    + "</script>",
}


def write(folder: Path, kind: str, url: str) -> None:
    """Put a page into a folder, with its worker."""
    address, who = json.dumps(url), json.dumps(kind)

    def filled(text: str) -> str:
        return text.replace("URL)", f"{address})").replace("URL", url).replace("WHO", who)

    page = f"<!doctype html><title>{kind}</title><script>window.told = [];</script>{PAGES[kind]}"
    (folder / "index.html").write_text(filled(page))
    worker = "const tell = (what) => postMessage(what);"
    imported, rest = MODULE.split(";", 1)
    (folder / "worker.js").write_text(filled(f"{imported};{worker}{rest}"))


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Serve a folder as `python -m http.server` does; where."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(PATIENCE)


async def told(page: Page, what: str) -> list[Any]:
    """What the page was told of a kind, as soon as it was."""

    async def came() -> list[Any]:
        return [one[what] for one in await page.evaluate("window.told") if what in one]

    await until(came)
    return await came()


@pytest.mark.parametrize("kind", list(PAGES))
def test_a_page_of_another_origin(chromium: str, tmp_path: Path, kind: str) -> None:
    """By a module, in a module worker, by a classic script: it hears what it says."""
    with serving(tmp_path) as port, running("--origin", f"http://127.0.0.1:{port}") as server:
        write(tmp_path, kind, server.http(""))

        async def scenario(browser: Browser) -> None:
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{port}/")
            assert await told(page, "data") == [f"from {kind}"]
            assert await told(page, "mine") == [True]
            assert (await told(page, "position"))[0].endswith(":1")

        play(chromium, scenario)


@pytest.mark.parametrize("is_file", [False, True], ids=["another origin", "a file"])
def test_a_page_that_is_not_allowed_is_told_the_option(
    server: RunningServer, chromium: str, tmp_path: Path, is_file: bool
) -> None:
    """A browser says nothing of why; the library finds out as much as can be."""
    write(tmp_path, "script", server.http(""))

    async def scenario(browser: Browser) -> None:
        page = await browser.new_page()
        with serving(tmp_path) as port:
            url = (tmp_path / "index.html").as_uri() if is_file else f"http://127.0.0.1:{port}/"
            origin = f"http://127.0.0.1:{port}"
            await page.goto(url)

            async def why() -> str:
                return str((await told(page, "status"))[-1]["why"])

            expected = (
                "the server does not answer a page without an origin, such as a file: "
                "serve it, and name its origin with --origin"
                if is_file
                else f"the server does not answer pages of {origin}: was it started with "
                f"--origin {origin}?"
            )
            assert await settled(why, expected) == expected

    play(chromium, scenario)


def test_the_chat(chromium: str, tmp_path: Path, screenshots: Path) -> None:
    """Served from elsewhere: two windows talk, also after the server was away."""
    text = CHAT.read_text()
    script = text.split('<script type="module">')[1].split("</script>")[0]
    assert len([line for line in script.splitlines() if line.strip()]) < 25
    with serving(tmp_path) as port:
        options = ("--origin", f"http://127.0.0.1:{port}")

        async def scenario(browser: Browser) -> None:
            one, two = [await browser.new_page() for _ in range(2)]
            with running(*options) as first:
                replaced = text.replace("127.0.0.1:8080", f"127.0.0.1:{first.port}")
                (tmp_path / "index.html").write_text(replaced)
                for page in (one, two):
                    await page.goto(f"http://127.0.0.1:{port}/")
                    await page.get_by_text("open", exact=True).wait_for()
                await one.get_by_label("Say:").fill("hello <b>there</b>")
                await one.keyboard.press("Enter")
                await one.get_by_text("you: hello <b>there</b>").wait_for()
                await two.get_by_text("somebody: hello <b>there</b>").wait_for()
            await two.get_by_text("connecting").wait_for()
            await two.get_by_label("Say:").fill("said in between")
            await two.keyboard.press("Enter")
            with running(*options, listen=f"tcp:{first.port}:interface=127.0.0.1"):
                await one.get_by_text("somebody: said in between").wait_for()
                await two.get_by_text("you: said in between").wait_for()
                # The server forgot what was before, without Redis.
                await one.get_by_text("Some messages are missing here.").wait_for()
                await one.screenshot(path=screenshots / "chat.png")

        play(chromium, scenario)


def test_a_message_that_is_too_large_harms_nothing(chromium: str, tmp_path: Path) -> None:
    """The page says so, keeps it for its writer, and stays on WebSocket."""
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(200_000))

    async def scenario(browser: Browser) -> None:
        with running("--max-message-size", "65536") as server:
            page = await open_page(browser, server.http("/?room=small"))
            sockets: list[str] = []
            page.on("websocket", lambda socket: sockets.append(socket.url))
            await page.locator("#room input[type=file]").set_input_files(file)
            await page.get_by_text("the server takes").wait_for()
            await say(page, ["small"])
            await page.locator("[data-position]").get_by_text("small").wait_for()
            assert await page.get_attribute("html", "data-transport") == "websocket"
            assert [url for url in sockets if url.endswith("/ws")] == []
            await page.locator("[data-waiting]").get_by_role("button", name="Discard").click()
            await expect(page.locator("[data-waiting]")).to_be_hidden()

    play(chromium, scenario)


def test_what_was_said_goes_out_though_the_room_was_left(
    server: RunningServer, chromium: str
) -> None:
    """And is there on coming back; nothing of the one room is shown in the other."""

    async def scenario(browser: Browser) -> None:
        page = await open_page(browser, server.http("/?room=first"))
        await page.context.set_offline(True)
        await page.wait_for_selector("html[data-state=offline]")
        await say(page, ["said offline"])
        await page.fill("[data-room-name]", "second")
        await page.press("[data-room-name]", "Enter")
        await page.get_by_text("Something you wrote waits to be said in “first”.").wait_for()
        await page.context.set_offline(False)
        await page.wait_for_selector("html[data-state=open]")
        await say(page, ["said in the second"])
        await page.locator("[data-position]").get_by_text("said in the second").wait_for()
        other = await open_page(browser, server.http("/?room=first"))
        await other.locator("[data-position]").get_by_text("said offline").wait_for()
        assert await page.locator("[data-position]").count() == 1

    play(chromium, scenario)


def test_seven_tabs_without_websocket(server: RunningServer, chromium: str, tmp_path: Path) -> None:
    """One browser, one host, six connections: all of them talk, and hear each other."""

    async def scenario(browser: Browser) -> None:
        with nginx(tmp_path, server.port, websockets=False) as proxy:
            context = await browser.new_context()
            tabs = []
            for number in range(7):
                tab = await context.new_page()
                tab.set_default_timeout(2 * PATIENCE * 1000)
                await tab.goto(f"http://127.0.0.1:{proxy.port}/?room=tabs")
                await tab.wait_for_selector("html[data-state=open]")
                tabs.append(tab)
                await say(tab, [f"tab {number}"])
            for tab in tabs:
                for number in range(7):
                    await tab.locator("[data-position]").get_by_text(f"tab {number}").wait_for()
            used = [await tab.get_attribute("html", "data-transport") for tab in tabs]
            assert used == ["sse"] * 5 + ["longpoll"] * 2

    play(chromium, scenario)
