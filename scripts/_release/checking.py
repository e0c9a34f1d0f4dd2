# SPDX-License-Identifier: MIT
"""What the tools of the trade say of what was built."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from .tools import UnfitError, said

_RENDERING = Path(__file__).with_name("rendering.py")
_PAGE = "wsecho/web/index.html"


def check(built: Sequence[Path], programs: Path) -> list[str]:
    """Check all that was built: the sdist, the wheel of every platform, the compiled one.

    Returns:
        what was seen, a line each.

    Raises:
        UnfitError: something is wrong.
    """
    sdist, *wheels = built
    folder = sdist.parent
    said(programs / "twine", "check", "--strict", *built, cwd=folder)
    # Its name says 3.11 and later; it may use nothing that came, or went, after.
    said(programs / "abi3audit", "--strict", wheels[-1], cwd=folder)
    shown = said(programs / "python", _RENDERING, sdist, cwd=folder).splitlines()
    if broken := broken_addresses(shown):
        raise UnfitError(f"README.md leads nowhere on PyPI: {', '.join(broken)}")
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            if _PAGE not in archive.namelist():
                raise UnfitError(f"{wheel.name} is without the page")
    return [
        "twine check --strict: passed",
        "abi3audit --strict: nothing beyond Python 3.11's stable interface",
        f"README.md on PyPI: {len(shown)} links and images, all absolute",
        "each wheel has the page",
    ]


def broken_addresses(shown: Sequence[str]) -> list[str]:
    """Give the addresses of a page on PyPI that lead nowhere there.

    Args:
        shown: lines of a tag's name and its address.
    """
    return [
        address
        for tag, _, address in (line.partition(" ") for line in shown)
        if not address.startswith("https://" if tag == "img" else ("https://", "http://", "#"))
    ]
