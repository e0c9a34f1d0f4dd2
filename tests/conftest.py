# SPDX-License-Identifier: MIT
"""What all tests share: hypothesis's profiles."""

import gc
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from wsecho.lane.speedups import is_compiled

# How many examples there are is said here alone: HYPOTHESIS_PROFILE or --hypothesis-profile.
# For every few minutes' work.
settings.register_profile(
    "quick",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    max_examples=8,
    stateful_step_count=20,
)
# What `scripts/test` raises it to when it runs all, and so does CI.
settings.register_profile(
    "thorough", settings.get_profile("quick"), max_examples=120, stateful_step_count=50
)
# For the night.
settings.register_profile("long", settings.get_profile("thorough"), max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


# Folders whose tests share what takes minutes to make.
_TOGETHER = {Path(__file__).parent / "integration/packaging"}


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Keep a file's tests in one process, and a folder's that share what is made once for all.

    That is for `--dist loadgroup`, by which those tests run in parallel that wait most of the time.
    """
    for item in items:
        group = item.path.parent if item.path.parent in _TOGETHER else item.path
        item.add_marker(pytest.mark.xdist_group(str(group)))


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of all further searches for garbage.

    These come seldom: each test leaves much, and little of it in circles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines what was left out because nothing compiled it."""
    if not is_compiled:
        terminalreporter.write_line(
            "the lane's C is not compiled, or WSECHO_PURE is set: the lane was tested in Python",
            yellow=True,
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, a skipped test is a failed one: nothing goes untested in silence."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
