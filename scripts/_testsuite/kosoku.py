# SPDX-License-Identifier: MIT
"""Make what runs Autobahn's own case files under Python 3: PyPI's kosoku, and `driver.py`.

It is installed once, into an environment of its own in `.cache`.
"""

import sys
from pathlib import Path

from _shared.environment import make_once

from .suite import Suite

# `driver.py` uses parts of it that are not promised to stay.
KOSOKU = "kosoku==0.1.0"

_NOT_INSTALLED = (
    "installing kosoku failed (it has wheels for Linux, macOS and Windows; --original does"
    " without it)"
)
_DRIVER = Path(__file__).with_name("driver.py")


def find(cache: Path) -> Suite:
    """Give kosoku, installing it when it was not yet.

    Args:
        cache: Where its environment is kept between runs.

    Raises:
        CannotRunError: It cannot be installed.
    """
    home = cache / "kosoku-venv"
    python = str(home / "python3" / "bin/python")
    steps = (
        [sys.executable, "-m", "venv", str(home / "python3")],
        [python, "-m", "pip", "install", "--disable-pip-version-check", KOSOKU],
    )
    make_once(home, f"{KOSOKU} on {sys.executable}", steps, _NOT_INSTALLED)
    # Without -P its folder, where this file is, would stand before kosoku itself.
    driver = [python, "-P", str(_DRIVER)]
    return Suite(
        KOSOKU.replace("==", " "),
        list_cases=[*driver, "cases"],
        fuzz_server=[*driver, "client"],
        fuzz_client=[*driver, "server"],
        ends_with_client=True,
    )
