# SPDX-License-Identifier: MIT
"""Find or make what runs the testsuite's own program, which exists for Python 2.7 only.

Looked for in this order: `python2.7` (on PATH, then pyenv's), PyPy 2, Docker's image. For the
first two the testsuite is installed once, into `.cache/testsuite-venv`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from _shared.environment import make_once
from _shared.errors import CannotRunError
from _shared.process import clean_environment

from .suite import Suite

TESTSUITE = "autobahntestsuite==25.10.1"
IMAGE = "crossbario/autobahn-testsuite"

NOTHING_FOUND = (
    "--original needs Python 2.7, and there is none here: install one "
    "('pyenv install 2.7.18' or a PyPy 2.7), or start Docker"
)
_NOT_INSTALLED = (
    "installing the testsuite failed (a C compiler and Python 2.7's headers are needed)"
)

# Runs in Python 2. The descriptions are HTML, of which the first line is enough.
_LIST_CASES = r"""
import json, re
from autobahntestsuite import case, caseset
known = caseset.CaseSet(case.CaseSetname, case.CaseBasename, case.Cases, {}, {})
def line(text):
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return " ".join(re.sub("<[^>]*>", "", text.split("<br")[0]).split())
print(json.dumps({
    "descriptions": [(known.caseClasstoId(c), line(c.DESCRIPTION)) for c in case.Cases],
    "categories": case.CaseCategories,
    "subcategories": case.CaseSubCategories,
}))
"""


def find(cache: Path, work: Path) -> Suite:
    """Give the program as it runs here, installing the testsuite when it was not yet.

    Args:
        cache: Where the testsuite's environment is kept between runs.
        work: The folder that Docker must share with it.
    """
    for python in _pythons():
        if _is_python_2_7(python):
            return _installed(cache / "testsuite-venv", python)
    if _answers(["docker", "info"]):
        return _in_docker(work)
    raise CannotRunError(NOTHING_FOUND)


def _pythons() -> Iterator[str]:
    on_path = shutil.which("python2.7")
    if on_path:
        yield on_path
    root = os.environ.get("PYENV_ROOT") or _output(["pyenv", "root"]) or "~/.pyenv"
    # pathlib's own raises where there is no home.
    root = os.path.expanduser(root)  # noqa: PTH111
    for python in sorted(Path(root).glob("versions/2.7*/bin/python")):
        yield str(python)
    for name in ("pypy2.7", "pypy2", "pypy"):
        pypy = shutil.which(name)
        if pypy:
            yield pypy


def _is_python_2_7(python: str) -> bool:
    # Being there is not enough: pyenv puts a python2.7 on PATH that only says it is not chosen.
    return _output([python, "-c", "import sys; print(sys.version_info[:2] == (2, 7))"]) == "True"


def _output(command: list[str]) -> str:
    try:
        answer = subprocess.run(
            command, env=clean_environment(), capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return "" if answer.returncode else answer.stdout.strip()


def _answers(command: list[str]) -> bool:
    return bool(_output(command))


def _in_docker(work: Path) -> Suite:
    # Sharing the network lets the client reach 127.0.0.1; --init passes our signals on.
    run = ["docker", "run", "--rm", "--init", "--network", "host"]
    run += ["--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{work}:{work}", IMAGE]
    return _suite(f"Docker's {IMAGE}", [*run, "pypy"], [*run, "wstest"])


def _installed(home: Path, python: str) -> Suite:
    """Install the testsuite unless that is done."""
    # virtualenv 20.22 dropped Python 2.7, so an older one is kept in an environment of its own.
    tools, target = home / "virtualenv", home / "python2.7"
    steps = (
        [sys.executable, "-m", "venv", str(tools)],
        [str(tools / "bin/python"), "-m", "pip", "install", "virtualenv<20.22"],
        [str(tools / "bin/python"), "-m", "virtualenv", "--python", python, str(target)],
        [str(target / "bin/python"), "-m", "pip", "install", TESTSUITE],
    )
    make_once(home, f"{TESTSUITE} on {python}", steps, _NOT_INSTALLED)
    return _suite(python, [str(target / "bin/python")], [str(target / "bin/wstest")])


def _suite(name: str, python: list[str], wstest: list[str]) -> Suite:
    return Suite(
        f"the testsuite of {name}",
        list_cases=[*python, "-c", _LIST_CASES],
        fuzz_server=[*wstest, "-m", "fuzzingclient", "-s"],
        # Web port 0 is its word for serving no pages beside.
        fuzz_client=[*wstest, "-m", "fuzzingserver", "-w", "0", "-s"],
        ends_with_client=False,
    )
