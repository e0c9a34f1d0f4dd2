# SPDX-License-Identifier: MIT
"""The documentation as a browser shows it, and the page that it tells people to write."""

import asyncio
import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import play
from tests.node import installed
from tests.support.documents import DOCS, ROOT, fences
from tests.support.processes import PATIENCE, running
from tests.support.proxies import free_port

WIDE: Final = 1280
NARROW: Final = 390
SHOWN: Final = ("index", "reference/errors")


@pytest.fixture(scope="module")
def site() -> Path:
    """The documentation, built where `scripts/docs` builds it."""
    target = ROOT / "build" / "docs"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-n"]
    command += ["-d", str(ROOT / ".cache" / "doctrees"), str(DOCS), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return target


async def show(browser: Browser, path: Path, width: int, scheme: Any) -> Page:
    """One page of the site, as somebody with such a screen sees it."""
    context = await browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    page = await context.new_page()
    await page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("name", SHOWN, ids=lambda name: name.replace("/", "-"))
def test_everybody_can_read_it(site: Path, chromium: str, screenshots: Path, name: str) -> None:
    """On a wide screen and a narrow one, light and dark: axe finds nothing, nothing sticks out."""
    axe = (installed() / "node_modules/axe-core/axe.min.js").read_text()

    async def main(browser: Browser) -> None:
        for width in (WIDE, NARROW):
            for scheme in ("light", "dark"):
                page = await show(browser, site / f"{name}.html", width, scheme)
                picture = f"{width}-{scheme}.png"
                await page.screenshot(path=str(screenshots / picture), full_page=width == WIDE)
                too_wide = "document.documentElement.scrollWidth - window.innerWidth"
                assert await page.evaluate(too_wide) <= 0, f"{width} {scheme}"
                await page.evaluate(axe)
                found = await page.evaluate("axe.run()")
                told = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
                assert told == [], f"{width} {scheme}"
                await page.context.close()

    play(chromium, main)


@contextmanager
def serving(folder: Path, port: int) -> Iterator[None]:
    """Serve a folder as `python -m http.server` does."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join(PATIENCE)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """It writes no line for each request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is inherited
        """Say nothing."""


def test_a_page_of_your_own(chromium: str, tmp_path: Path) -> None:
    """What one window says appears in both, from another origin than the server's."""
    [fence] = [fence for fence in fences(DOCS / "start/page.md") if fence.language == "html"]
    port = free_port()
    with running("--origin", f"http://127.0.0.1:{port}") as server, serving(tmp_path, port):
        text = fence.text.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        (tmp_path / "index.html").write_text(text)

        async def main(browser: Browser) -> None:
            one, two = [await browser.new_page() for _ in range(2)]
            await asyncio.gather(*(page.goto(f"http://127.0.0.1:{port}/") for page in (one, two)))
            await one.get_by_label("Say:").fill("hello from one")
            await one.keyboard.press("Enter")
            for page in (one, two):
                await page.get_by_text("hello from one").wait_for(timeout=PATIENCE * 1000)

        play(chromium, main)


def test_every_page_of_html_is_opened() -> None:
    """There is one, which the test above opens."""
    found = [page for page in DOCS.rglob("*.md") if any(f.language == "html" for f in fences(page))]
    assert found == [DOCS / "start/page.md"]
