# SPDX-License-Identifier: MIT
"""The documentation is done as it says, page by page: commands, programs, configurations."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import ROOT, Fence, fences, pages
from tests.support.processes import Process
from tests.support.proxies import Nginx, free_port
from tests.support.walkthrough import LANGUAGES, Walkthrough

BY_OTHERS = {"check: commands", "check: pytest-asyncio"}


def done(page: Path) -> list[Fence]:
    """What a page has to be done."""
    return [
        fence
        for fence in fences(page)
        if fence.language in LANGUAGES and fence.mark not in BY_OTHERS
    ]


@pytest.mark.parametrize(
    "page", [page for page in pages() if done(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    """From its first fence to its last, each with the output that it shows."""
    walk = Walkthrough(tmp_path)
    try:
        for fence in done(page):
            walk.run(fence)
    finally:
        walk.end()


def test_the_first_application_refuses_and_changes(tmp_path: Path) -> None:
    """As the page says that begins with it."""
    page = fences(ROOT / "docs/howto/application.md")
    program, commands = (
        next(one for one in page if one.language == kind) for kind in ("python", "sh")
    )
    (tmp_path / "greeter.py").write_text(program.text)
    server, *asked = commands.text.splitlines()
    process = Process.start(
        *(sys.executable, "-m", *server.split(), "--listen", "127.0.0.1:0"), cwd=tmp_path
    )
    try:
        port = process.wait_for(re.compile(r"listening on \S+:(\d+)"))[1]
        answers = [
            subprocess.run(
                shlex.split(each.replace("8080", port)), capture_output=True, text=True, check=True
            ).stdout
            for each in asked
        ]
    finally:
        process.end()
    assert '"position"' in answers[0]
    assert "Hello" in answers[1]
    assert "staff only" in answers[2]


def configurations(language: str) -> list[Fence]:
    """Every configuration of a program."""
    return [fence for page in pages() for fence in fences(page) if fence.language == language]


@pytest.mark.parametrize("fence", configurations("nginx"), ids=lambda fence: fence.place)
def test_nginx_takes_it(fence: Fence, tmp_path: Path) -> None:
    """As it stands, but for the port below 1024."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is missing: apt install nginx")
    server = Nginx(tmp_path, free_port())
    server.configure(re.sub(r"listen 80\b", f"listen 127.0.0.1:{server.port}", fence.text))
    check([*server.command(), "-t"])


@pytest.mark.parametrize("fence", configurations("haproxy"), ids=lambda fence: fence.place)
def test_haproxy_takes_it(fence: Fence, tmp_path: Path) -> None:
    """As it stands."""
    if shutil.which("haproxy") is None:
        pytest.skip("haproxy is missing: apt install haproxy")
    (tmp_path / "haproxy.cfg").write_text(fence.text)
    check(["haproxy", "-c", "-f", str(tmp_path / "haproxy.cfg")])


def check(command: list[str]) -> None:
    """Run a check that a program makes of its configuration."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_something_to_do() -> None:
    """So that the tests above test something."""
    assert sum(len(done(page)) for page in pages()) > 40
    assert configurations("nginx")
    assert configurations("haproxy")
