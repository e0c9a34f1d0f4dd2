# SPDX-License-Identifier: MIT
"""The lab's list in a browser: everybody can read it, and nothing of it is executed."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import play
from tests.node import installed
from tests.support.processes import RunningServer

WIDTHS = (1280, 360)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_the_list(
    server: RunningServer, chromium: str, screenshots: Path, scheme: Any
) -> None:
    """On a wide screen and a narrow one: axe finds nothing, nothing sticks out, nothing fails."""
    axe = (installed() / "node_modules/axe-core/axe.min.js").read_text()

    async def look(browser: Browser, width: int) -> None:
        context = await browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}
        )
        page = await context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        await page.goto(server.http("/lab"))
        assert await page.title() == "wsecho: the lab"
        await page.screenshot(path=str(screenshots / f"{width}.png"))
        too_wide = "document.documentElement.scrollWidth - window.innerWidth"
        assert await page.evaluate(too_wide) <= 0
        # Its one style is in force, though its policy allows no other.
        assert await page.evaluate("getComputedStyle(document.body).maxWidth") == "1200px"
        assert said == []
        await page.evaluate(axe)
        found = await page.evaluate("axe.run()")
        told = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
        assert told == [], width
        await page.get_by_role("link", name="The page of this server").click()
        await page.wait_for_selector("html[data-state=open]")
        await context.close()

    async def main(browser: Browser) -> None:
        for width in WIDTHS:
            await look(browser, width)

    play(chromium, main)
