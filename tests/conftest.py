# SPDX-License-Identifier: MIT
"""What all tests share: hypothesis's profiles."""

import gc
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

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
_TOGETHER = ("tests/integration/packaging/",)
# What takes minutes though its tests are few, the longest first. xdist begins with what has most
# tests; the last of these would be left for one process, while the other has nothing to do.
_LONGEST = (
    *_TOGETHER,
    "tests/integration/bus/test_resume_load.py",
    "tests/fuzz/test_targets.py",
    "tests/integration/test_workers.py",
    "tests/integration/test_returning.py",
    "tests/integration/test_slow_readers.py",
    "tests/integration/test_javascript.py",
    "tests/browser/test_ladder.py",
)


class _Scheduling(LoadFileScheduling):  # type: ignore[misc]
    """What `--dist loadfile` does, the longest first, with the files of some folders together."""

    def _split_scope(self, nodeid: str) -> str:
        """The name of what one process runs."""
        folders = (folder for folder in _TOGETHER if nodeid.startswith(folder))
        return next(folders, "") or str(super()._split_scope(nodeid))

    def _assign_work_unit(self, node: Any) -> None:
        """Give a process the next file."""
        longest = (scope for scope in _LONGEST if scope in self.workqueue)
        if (scope := next(longest, None)) is not None:
            self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Keep what is made once for a file in one process, where tests run in parallel that wait.

    A mark for `--dist loadgroup` would do, but xdist 3.8 writes it where pytest 9.2 does not
    look any more: each process then made everything of every file.
    """
    return _Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


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
