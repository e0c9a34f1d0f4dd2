# SPDX-License-Identifier: MIT
"""What the tools of the trade say of what was built."""

import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from .tools import UnfitError, said

_RENDERING = Path(__file__).with_name("rendering.py")
_PAGE = "wsecho/web/index.html"
_LIBRARY = "wsecho/web/wsecho.js"
_PACKED = {
    *("LICENSE", "README.md", "licenses.md", "package.json"),
    *("wsecho.d.ts", "wsecho.global.js", "wsecho.js"),
}


def check(built: Sequence[Path], programs: Path) -> list[str]:
    """Check all that was built: the sdist, the wheel of every platform, the compiled one, npm's.

    Returns:
        what was seen, a line each.

    Raises:
        UnfitError: something is wrong.
    """
    sdist, *wheels, package = built
    folder = sdist.parent
    said(programs / "twine", "check", "--strict", sdist, *wheels, cwd=folder)
    # Its name says 3.11 and later; it may use nothing that came, or went, after.
    said(programs / "abi3audit", "--strict", wheels[-1], cwd=folder)
    shown = said(programs / "python", _RENDERING, sdist, cwd=folder).splitlines()
    if broken := broken_addresses(shown):
        raise UnfitError(f"README.md leads nowhere on PyPI: {', '.join(broken)}")
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            if missing := {_PAGE, _LIBRARY} - set(archive.namelist()):
                raise UnfitError(f"{wheel.name} is without {min(missing)}")
    if missing := _PACKED - set(packed(package)):
        raise UnfitError(f"{package.name} is without {min(missing)}")
    return [
        "twine check --strict: passed",
        "abi3audit --strict: nothing beyond Python 3.11's stable interface",
        f"README.md on PyPI: {len(shown)} links and images, all absolute",
        "each wheel has the page, and the library for JavaScript",
        "npm's package has the library twice, its types and its licences",
    ]


def packed(package: Path) -> list[str]:
    """List what is in a package of npm's, without the folder that all of it is in."""
    with tarfile.open(package) as archive:
        return [name.removeprefix("package/") for name in archive.getnames()]


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
