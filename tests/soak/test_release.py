# SPDX-License-Identifier: MIT
"""The whole of `scripts/release`, twice: all is well, and the same commit gives the same files.

And an editable install of a clone; the one of this checkout is what all tests run with.
"""

import re
import sys
from pathlib import Path

from tests.integration.packaging.building import cloned, environment, run
from tests.integration.packaging.test_installing import assert_it_works


def test_a_release_from_a_fresh_clone(tmp_path: Path) -> None:
    """Each of the three under each Python that is here, npm's package, and all of them again."""
    script = (sys.executable, cloned(tmp_path / "clone") / "scripts/release")
    first = run(*script, "--into", tmp_path / "first", cwd=tmp_path)
    print(first)
    seen = re.findall(r"Python 3\.1[123], .*: installed, checked, echoed and served", first)
    missing = re.findall(r"there is none here, so it is UNTRIED", first)
    assert len(seen) + 3 * len(missing) == 9
    assert seen
    run(*script, "--quick", "--into", tmp_path / "second", cwd=tmp_path)
    built = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert len(built) == 4
    assert built == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}


def test_an_editable_install(tmp_path: Path) -> None:
    """The plugin is found, and so is the page in the checkout."""
    clone = cloned(tmp_path / "clone")
    assert_it_works(environment(tmp_path / "venv", "--editable", clone))
