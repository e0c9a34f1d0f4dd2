# SPDX-License-Identifier: MIT
"""The page over `https`, in real Chromium, which offers HTTP/2 and HTTP/1.1 by ALPN."""

from pathlib import Path

import pytest
from playwright.async_api import Browser
from websockets.sync.client import connect

from tests.browser.conftest import first_messages, open_page, play
from tests.support.certificates import unverified, write_certificate
from tests.support.processes import PATIENCE, running


@pytest.mark.parametrize("kind", ["ssl", "tls"])
def test_the_page_over_https(chromium: str, screenshots: Path, tmp_path: Path, kind: str) -> None:
    """On each rung: it says something, and shows what another client says over `wss`."""
    path = write_certificate(tmp_path, 1)
    listen = {
        "ssl": f"ssl:0:interface=127.0.0.1:privateKey={path}",
        "tls": f"tls:{tmp_path}:0:interface=127.0.0.1",
    }[kind]
    with running(listen=listen) as server:
        where = f"{server.host}:{server.port}"

        async def scenario(browser: Browser) -> None:
            for transport in ("websocket", "sse", "longpoll"):
                address = f"https://{where}/?room={transport}&transport={transport}"
                page = await open_page(browser, address, ignore_https_errors=True)
                used = await page.get_attribute("html", "data-transport")
                assert used == transport
                await page.fill("[data-say]", "from the page")
                await page.press("[data-say]", "Enter")
                [shown] = await first_messages(page, 1)
                assert "from the page" in shown
                with connect(
                    f"wss://{where}/broadcast/{transport}", ssl=unverified(), open_timeout=PATIENCE
                ) as other:
                    other.send("from another")
                    assert "from another" in (await first_messages(page, 2))[1]
                await page.screenshot(path=screenshots / f"{transport}.png")
                await page.context.close()

        play(chromium, scenario)
        # It asks its user, here Playwright, about the certificate, and then comes again.
        failed = [line for line in server.process.lines if "no TLS with" in line]
        assert all("does not take the certificate" in line for line in failed)
        assert "Traceback" not in server.process.output
