# SPDX-License-Identifier: MIT
"""Runs tests in several processes, each of which collects its own files and no others.

A plugin for `pytest -p tests.support.parts FOLDER`. For thousands of tests that take a
millisecond each, xdist takes as long as they do: there, each process collects all of them, and
three reports of each go through a controller. Here the first process starts the others and at
the end reads what they write: one report of each test, and each that is not of a success.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import IO, Any

import pytest
from attrs import define, field

_WELL = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


def shares(sizes: dict[Path, int], number: int) -> list[set[Path]]:
    """Deal files out, the largest first, each to whom has least.

    The size of a test's file says well enough how long it takes where there are hundreds.
    """
    dealt: list[set[Path]] = [set() for _ in range(number)]
    held = [0] * number
    for path in sorted(sizes, key=lambda path: (-sizes[path], path)):
        least = held.index(min(held))
        dealt[least].add(path)
        held[least] += sizes[path]
    return dealt


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say in how many processes, and to a process, which it is."""
    group = parser.getgroup("parts", "tests in several processes")
    group.addoption(
        "--parts",
        type=int,
        default=min(os.cpu_count() or 1, 4),
        help="processes that share the files of folders; 1 for a debugger",
    )
    group.addoption("--part", type=int, default=0, help=argparse.SUPPRESS)
    group.addoption("--reports", type=Path, help=argparse.SUPPRESS)


def pytest_configure(config: pytest.Config) -> None:
    """Share the files, where all that is asked for are folders, and nobody waits for a prompt."""
    option = config.option
    folders = [Path(config.invocation_params.dir, argument) for argument in config.args]
    if option.parts < 2 or option.collectonly or option.usepdb:
        return
    if not all(folder.is_dir() for folder in folders):
        return
    files = {path: path.stat().st_size for each in folders for path in each.rglob("test_*.py")}
    config.pluginmanager.register(_Share(files.keys() - shares(files, option.parts)[option.part]))
    if option.part:
        config.pluginmanager.register(_Reporting(config, option.reports.open("w")))
    else:
        config.pluginmanager.register(_Gathering(config))


@define(eq=False)
class _Share:
    """Leaves out what the others run."""

    others: set[Path]

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Ignore it, or let others decide."""
        return collection_path in self.others or None


@define(eq=False)
class _Reporting:
    """Writes what the first process is to know, a line each; the last is how all ended."""

    config: pytest.Config
    to: IO[str]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write how a test went; that its fixtures did well is said by that."""
        if report.when == "call" or not report.passed:
            self._write(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Write what cannot be collected."""
        if not report.passed:
            self._write(report)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Say that this is all."""
        print(int(exitstatus), file=self.to)
        self.to.close()

    def _write(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        print(json.dumps(data), file=self.to)


@define(eq=False)
class _Process:
    """One of the others, in a folder for what it writes."""

    folder: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def begin(cls, folder: Path, arguments: Sequence[str], config: pytest.Config) -> "_Process":
        """Run pytest as this process runs it, with more arguments."""
        command = [sys.executable, "-m", "pytest", *config.invocation_params.args, *arguments]
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [*command, "--reports", str(folder / "reports")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=config.invocation_params.dir,
            )
        return cls(folder, process)

    def reports(self) -> tuple[list[Any], bool]:
        """Wait for all that it reports, and whether it says that all went well."""
        self.process.wait()
        reports = self.folder / "reports"
        # Whoever dies may do so amid a line.
        lines = reports.read_text().split("\n")[:-1] if reports.exists() else []
        is_whole = bool(lines) and lines[-1].isdigit()
        told = [json.loads(line) for line in lines[: -1 if is_whole else None]]
        return told, is_whole and int(lines[-1]) in _WELL

    def printed(self) -> str:
        """What it printed, for where its reports say not enough."""
        return (self.folder / "output").read_text(errors="replace")


@define(eq=False)
class _Gathering:
    """Starts the other processes, and has what they report told with the rest."""

    config: pytest.Config
    processes: list[_Process] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="parts-")
        self.config.add_cleanup(folder.cleanup)
        self.config.add_cleanup(self._end)
        for part in range(1, self.config.option.parts):
            place = Path(folder.name, str(part))
            place.mkdir()
            self.processes.append(_Process.begin(place, ["--part", str(part)], self.config))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Run this process's own, then tell of the others'."""
        result = yield
        for process in self.processes:
            told, is_well = process.reports()
            session.testscollected += len(told)
            failed = session.testsfailed
            for data in told:
                self._tell(data)
            if not is_well and session.testsfailed == failed:
                pytest.exit(process.printed(), pytest.ExitCode.TESTS_FAILED)
        return result

    def _tell(self, data: Any) -> None:
        hook = self.config.hook
        report = hook.pytest_report_from_serializable(config=self.config, data=data)
        if isinstance(report, pytest.CollectReport):
            hook.pytest_collectreport(report=report)
            return
        hook.pytest_runtest_logstart(nodeid=report.nodeid, location=report.location)
        hook.pytest_runtest_logreport(report=report)

    def _end(self) -> None:
        """End those that still run, because this one ends before its time."""
        for each in self.processes:
            each.process.terminate()
            each.process.wait()
