# SPDX-License-Identifier: MIT
"""Does what a page says: its fences from top to bottom, in one folder, beside one server.

What a page calls its own is put in the place of what a test has: a free port for 8080, a Redis of
the test's for the one at 6379, the folder for `/etc/wsecho`.
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import pytest
from attrs import define, field

from tests.node import node_process
from tests.support.documents import Fence, commands
from tests.support.processes import PATIENCE, Process, RunningServer
from tests.support.proxies import free_port
from tests.support.redis_server import RedisServer, redis_server

_SERVES: Final = re.compile(r"(python -m wsecho|wsecho)( serve)?( --.*)?")
_PLACE: Final = re.compile(r"--listen (ssl:|tls:\w+:)?\d+")
_ASSIGNS: Final = re.compile(r"[A-Z]+=.*")
_NEEDS_REDIS: Final = re.compile(r"redis(://|-cli)")
_LISTENING: Final = re.compile(r"listening on (\S+):(\d+)")
_IMPORTED: Final = re.compile(r'(?<=from )"(http://[^"]+)"')
_PRELUDE: Final = """
set -eu -o pipefail
curl() { command curl --silent --show-error $REFUSALS --max-time 5 "$@" || [ $? = 28 ]; }
wsecho() { command wsecho "$@" || [ $? = 141 ]; }
redis-cli() { command redis-cli -p "$REDIS_PORT" -e "$@"; }
"""
"""A stream of curl's ends by itself (28), a tail with its reader (141); Redis is the test's."""

PYTEST: Final = (
    *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
    # As it is here, whether or not this environment knows its entry point.
    *("-p", "no:wsecho", "-p", "wsecho.pytest_plugin"),
)
"""Pytest with the plugin of this package."""

LANGUAGES: Final = ("sh", "python", "js", "toml")
"""What is run; options are put where the commands behind them look for them."""


@define(eq=False)
class Walkthrough:
    """One page's commands and programs, one after the other.

    Attributes:
        folder: where they run.
    """

    folder: Path
    _server: RunningServer | None = None
    _redis: RedisServer | None = None
    _assignments: list[str] = field(factory=list)
    _node_port: int = field(factory=free_port)
    _metrics_port: int = field(factory=free_port)
    _stack: ExitStack = field(factory=ExitStack)

    def run(self, fence: Fence) -> None:
        """Do what a fence says, and compare what is printed with what the page says.

        Raises:
            AssertionError: it fails, or prints something else.
        """
        if self._redis is None and _NEEDS_REDIS.search(fence.text):
            self._need_redis()
        if self._server is None and "127.0.0.1:8080" in fence.text:
            self._serve("python -m wsecho")
        match fence.language:
            case "sh":
                said = "\n".join(filter(None, (self._do(each, fence) for each in commands(fence))))
                assert fence.expected.fullmatch(said.strip()), f"{fence.place} printed:\n{said}"
            case "python" if fence.mark == "check: pytest":
                self._test(fence)
            case "python":
                script = self._file(fence, "py")
                self._watch(fence, Process.start(sys.executable, script, cwd=self.folder))
            case "toml":
                (self.folder / "wsecho.toml").write_text(fence.text)
            case "js":
                self._watch(fence, node_process("snippet.mjs", self._file(fence, "mjs")))

    def end(self) -> None:
        """End what runs."""
        self._stack.close()

    def _do(self, command: str, fence: Fence) -> str:
        if _SERVES.fullmatch(command):
            self._serve(command)
            return ""
        if _ASSIGNS.fullmatch(command):
            self._assignments.append(command)
        (self.folder / "etc").mkdir(exist_ok=True)
        script = "\n".join([_PRELUDE, *self._assignments, command])
        done = subprocess.run(
            ["bash", "-c", self._here(script)],
            capture_output=True,
            text=True,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            timeout=4 * PATIENCE,
            env=self._environment(fence),
            check=False,
        )
        assert done.returncode == 0, f"{fence.place}: {command}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def _environment(self, fence: Fence) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        refusals = "" if fence.mark == "check: refused" else "--fail"
        redis = str(self._redis.port if self._redis else 0)
        return {**os.environ, "PATH": path, "REFUSALS": refusals, "REDIS_PORT": redis}

    def _serve(self, command: str) -> None:
        """Start a server as the page does, in the place of the one before."""
        if self._server is not None:
            self._server.process.end()
        line = command if "--listen " in command else f"{command} --listen 8080"
        line = _PLACE.sub(lambda place: f"--listen {place[1] or 'tcp:'}0:interface=127.0.0.1", line)
        process = Process.start(
            "bash",
            "-c",
            f"exec {self._here(line)}",
            cwd=self.folder,
            environment={"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        )
        self._stack.callback(process.end)
        match = self._log_of(process, line).wait_for(_LISTENING)
        self._server = RunningServer(process, match[1], int(match[2]))

    def _log_of(self, process: Process, line: str) -> Process:
        """What prints a server's log: itself, or whoever follows the file that it is written to."""
        file = re.search(r"--log-file (\S+)", line)
        if file is None:
            return process
        follower = Process.start("tail", "-F", file[1], cwd=self.folder)
        self._stack.callback(follower.end)
        return follower

    def _test(self, fence: Fence) -> None:
        """Run what is a module of tests."""
        process = Process.start(*PYTEST, self._file(fence, "py"), cwd=self.folder)
        try:
            assert process.wait() == 0, f"{fence.place}:\n{process.output}"
        finally:
            process.end()

    def _watch(self, fence: Fence, process: Process) -> None:
        """Wait for what a program prints; where the page does not say, for its end."""
        try:
            if fence.output is None:
                assert process.wait() == 0, f"{fence.place}:\n{process.output}"
                return
            while not fence.expected.fullmatch(process.output.strip()):
                process.wait_for(re.compile(""))
        except AssertionError:
            raise AssertionError(f"{fence.place} printed:\n{process.output}") from None
        finally:
            process.end()

    def _file(self, fence: Fence, ending: str) -> str:
        path = self.folder / f"line{fence.line}.{ending}"
        text = self._here(fence.text)
        path.write_text(_IMPORTED.sub(self._fetched, text) if ending == "mjs" else text)
        return str(path)

    def _fetched(self, address: re.Match[str]) -> str:
        """Fetch the module that a page imports from the server, for Node imports only files."""
        with urlopen(address[1], timeout=PATIENCE) as answer:
            (self.folder / "imported.mjs").write_bytes(answer.read())
        return '"./imported.mjs"'

    def _here(self, text: str) -> str:
        """Put what the test has in the place of what the page calls its own."""
        port = str(self._server.port if self._server else 0)
        url = self._redis.url if self._redis else ""
        for ours, theirs in (
            ("127.0.0.1:8080", f"127.0.0.1:{port}"),
            ("127.0.0.1 8080", f"127.0.0.1 {port}"),
            ("localhost:8443", f"localhost:{port}"),
            ("redis://127.0.0.1:6379", url),
            ("redis://10.0.0.1", url),
            ("10.0.0.5:9000", f"127.0.0.1:{self._node_port}"),
            ("127.0.0.1:8081", f"127.0.0.1:{self._metrics_port}"),
            ("/etc/wsecho", str(self.folder / "etc")),
        ):
            text = text.replace(ours, theirs)
        return text

    def _need_redis(self) -> None:
        if shutil.which("redis-cli") is None:
            pytest.skip("redis-cli is missing: apt install redis-tools")
        self._redis = self._stack.enter_context(redis_server())
