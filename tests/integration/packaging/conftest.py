# SPDX-License-Identifier: MIT
"""What is built, once for all the tests of a run, by `scripts/release` in a clone."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.integration.packaging.building import ROOT, Released, cloned, run

sys.path.insert(0, str(ROOT / "scripts"))


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git tracks, and nothing that was ever built, all of it committed."""
    return cloned(tmp_path_factory.mktemp("clone") / "wsecho")


@pytest.fixture(scope="session")
def released(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Released:
    """All that `scripts/release` builds of the clone, and what it says."""
    if not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        pytest.skip("there is no C compiler: apt install gcc libc6-dev")
    # The tools are installed once for this checkout, and not for each clone of it.
    (ROOT / ".cache").mkdir(exist_ok=True)
    (clone / ".cache").symlink_to(ROOT / ".cache")
    (clone / ".git/info/exclude").write_text("/.cache\n")
    folder = tmp_path_factory.mktemp("released")
    said = run(sys.executable, clone / "scripts/release", "--quick", "--into", folder, cwd=folder)
    return Released(folder, said)
