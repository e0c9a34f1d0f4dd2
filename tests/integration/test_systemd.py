# SPDX-License-Identifier: MIT
"""Under systemd: what the service manager is told, the sockets that it gives, and its units."""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from attrs import define, field

from tests.support.documents import DOCS, Fence, fences, pages
from tests.support.processes import PATIENCE, Process, running
from tests.support.redis_server import redis_server
from tests.support.service_manager import KeptSocket, NotifySocket
from tests.support.waiting import until, wait_until
from wsecho.client import Position, connect

UNITS = DOCS / "deploy/systemd"
WSECHO = str(Path(sys.executable).with_name("wsecho"))
SERVE = (WSECHO, "serve")
SILENT = re.compile("worker 1 does not answer")
READY = re.compile(r"worker (\d+) is ready, process (\d+)")


def needs(program: str) -> pytest.MarkDecorator:
    """Skip where a program of Debian's is missing."""
    missing = shutil.which(program) is None
    return pytest.mark.skipif(missing, reason=f"{program} is missing: apt install systemd")


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NotifySocket]:
    """A service manager, by either kind of name."""
    is_path = request.param == "path"
    with NotifySocket.at(str(tmp_path / "notify") if is_path else f"@{tmp_path}") as socket:
        yield socket


@pytest.fixture(params=[1, 2], ids=["one process", "two workers"])
def options(request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """For a server of one process, and for one of two workers."""
    if request.param == 1:
        yield ()
        return
    with redis_server() as redis:
        yield ("--workers", "2", "--redis", redis.url)


def test_it_tells_that_it_is_ready_reloads_and_stops(
    manager: NotifySocket, options: tuple[str, ...]
) -> None:
    """Each once, and when it is so: who waits for `systemctl` may rely on it."""
    environment = {"NOTIFY_SOCKET": manager.name}
    with running(*options, "--drain", "7", program=SERVE, environment=environment) as server:
        assert manager.next_state() == {"READY": "1"}
        for _ in range(2):
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            server.process.signal(signal.SIGHUP)
            told = manager.next_state()
            assert told.pop("RELOADING") == "1"
            after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            assert before <= int(told.pop("MONOTONIC_USEC")) <= after
            assert told == {}
            assert manager.next_state() == {"READY": "1"}
        server.process.signal(signal.SIGTERM)
        told = manager.next_state()
        assert told.pop("STOPPING") == "1"
        assert int(told.pop("EXTEND_TIMEOUT_USEC")) >= 7_000_000
        assert server.process.wait() == 0
        assert manager.waiting() == []


def test_the_watchdog_is_fed(manager: NotifySocket) -> None:
    """From the event loop, and not where it is another process's."""
    watched = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "400000"}
    with running(environment=watched):
        while manager.next() != {"WATCHDOG": "1"}:
            pass
    manager.waiting()
    with running(environment={**watched, "WATCHDOG_PID": "1"}) as server:
        assert manager.next() == {"READY": "1"}
        server.process.signal(signal.SIGTERM)
        assert "STOPPING" in manager.next()


def test_a_worker_that_is_stuck_leaves_the_watchdog_hungry(tmp_path: Path) -> None:
    """Though the parent is well; and it is fed again once all of them answer."""
    with NotifySocket.at(str(tmp_path / "notify")) as manager, redis_server() as redis:
        environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "4000000"}
        options = ("--workers", "2", "--redis", redis.url)
        with running(*options, environment=environment) as server:
            pids = {int(slot): int(pid) for slot, pid in READY.findall(server.process.output)}
            stuck = pids[1]
            for variable in ("NOTIFY_SOCKET", "WATCHDOG_USEC"):
                assert variable.encode() not in Path(f"/proc/{stuck}/environ").read_bytes()
            signal_to(stuck, signal.SIGSTOP)
            try:
                server.process.wait_for(SILENT)
                manager.waiting()
                server.process.wait_for(SILENT)
                assert manager.waiting() == []
            finally:
                signal_to(stuck, signal.SIGCONT)
            assert manager.next() == {"WATCHDOG": "1"}


def signal_to(pid: int, number: int) -> None:
    """Send a signal to one process of ours."""
    os.kill(pid, number)


# -- sockets that stay


@define(eq=False)
class Visitors:
    """Clients that come again and again, each on a connection of its own.

    Attributes:
        answered: how many got their answer.
        failures: what became of the others.
    """

    _address: "tuple[str, int] | str"
    answered: int = 0
    failures: list[str] = field(factory=list)
    _threads: list[threading.Thread] = field(factory=list)
    _is_over: threading.Event = field(factory=threading.Event)

    @classmethod
    @contextmanager
    def coming(cls, address: "tuple[str, int] | str") -> Iterator["Visitors"]:
        """Four at a time, until the end."""
        visitors = cls(address)
        visitors._threads = [threading.Thread(target=visitors._come) for _ in range(4)]
        for thread in visitors._threads:
            thread.start()
        try:
            yield visitors
        finally:
            visitors.leave()

    def leave(self) -> None:
        """Come no more, once all have their answer."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def wait_for_more(self) -> None:
        """Wait until some more were answered."""
        before = self.answered
        wait_until(lambda: self.failures or self.answered > before + 20)

    def _come(self) -> None:
        while not self._is_over.is_set():
            try:
                answer = self._ask()
            except OSError as error:
                self.failures.append(repr(error))
            else:
                if answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"alive\n"):
                    self.answered += 1
                else:
                    self.failures.append(repr(answer))

    def _ask(self) -> bytes:
        family = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(self._address)
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: wsecho\r\nConnection: close\r\n\r\n")
            answer = b""
            while octets := sock.recv(4096):
                answer += octets
            return answer


@pytest.fixture(params=["a port", "a Unix socket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> "tuple[str, tuple[str, int] | Path]":
    """How a server is told of its socket, and where that is."""
    if request.param == "a port":
        return "systemd:domain=INET:name=http", ("127.0.0.1", 0)
    return "systemd:domain=UNIX:name=http", tmp_path / "socket"


@needs("systemd-socket-activate")
def test_a_restart_refuses_nobody(
    place: "tuple[str, tuple[str, int] | Path]", options: tuple[str, ...]
) -> None:
    """Who comes in between waits for the next one; the socket's file stays as it was."""
    endpoint, where = place
    command = (WSECHO, "serve", "--listen", endpoint, "--no-connection-log", *options)
    with KeptSocket.at(where) as kept, Visitors.coming(kept.socket.getsockname()) as visitors:
        process = kept.start(*command)
        try:
            visitors.wait_for_more()
            process.signal(signal.SIGTERM)
            assert process.wait() == 0
        finally:
            process.end()
        process = kept.start(*command)
        try:
            visitors.wait_for_more()
        finally:
            visitors.leave()
            process.end()
        if isinstance(where, Path):
            assert where.stat().st_mode & 0o777 == 0o660
    assert visitors.failures == []
    assert visitors.answered > 40


@needs("systemd-socket-activate")
def test_a_restart_loses_no_message(tmp_path: Path) -> None:
    """With a file for the rooms: a reader and whoever speaks notice nothing but a pause."""
    options = ("--listen", "systemd:domain=INET:name=http", "--data", str(tmp_path / "data"))

    def restart(kept: KeptSocket, process: Process) -> Process:
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        return kept.start(*SERVE, *options)

    async def main(kept: KeptSocket, process: Process) -> Process:
        port = kept.socket.getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/broadcast/a", history=1000) as room:
            said: list[asyncio.Task[Position]] = []
            is_over = asyncio.Event()

            def count_told() -> int:
                return sum(one.done() for one in said)

            def exceeds(wanted: int) -> bool:
                return count_told() > wanted

            async def say() -> None:
                while not is_over.is_set():
                    said.append(asyncio.create_task(room.publish(f"{len(said)}")))
                    await asyncio.sleep(0.02)

            saying = asyncio.create_task(say())
            for _ in range(2):
                wanted = count_told() + 20
                await until(partial(exceeds, wanted))
                process = await asyncio.to_thread(restart, kept, process)
            is_over.set()
            await saying
            places = [str(place) for place in await asyncio.gather(*said)]
            heard = [await anext(room) for _ in said]
        assert [(one.data, str(one.position)) for one in heard] == [
            (f"{number}", place) for number, place in enumerate(places)
        ]
        epoch = places[0].partition(":")[0]
        assert places == [f"{epoch}:{number}" for number in range(1, len(said) + 1)]
        return process

    with KeptSocket.at(("127.0.0.1", 0)) as kept:
        process = kept.start(*SERVE, *options)
        try:
            process = asyncio.run(main(kept, process))
        finally:
            process.end()


@needs("systemd-socket-activate")
def test_the_family_is_the_socket_s_own() -> None:
    """Whatever the endpoint says: a unit's `ListenStream=8080` is one of IPv6."""
    with KeptSocket.at(("::1", 0)) as kept:
        port = kept.socket.getsockname()[1]
        with socket.create_connection(("::1", port)):
            process = kept.start(WSECHO, "serve", "--listen", "systemd:domain=INET:index=0")
            try:
                process.wait_for(re.compile(rf"listening on \[::1\]:{port}"))
            finally:
                process.end()


# -- units


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units, with the command where this checkout has it."""
    found = []
    for unit in sorted(UNITS.iterdir()):
        text = unit.read_text().replace("/opt/wsecho/bin/wsecho", WSECHO)
        found.append(tmp_path / unit.name)
        found[-1].write_text(text)
    return found


def analyze(*arguments: object) -> str:
    """Run `systemd-analyze`; return what it prints."""
    command: Sequence[str] = ["systemd-analyze", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs("systemd-analyze")
def test_the_units_are_right(units: list[Path]) -> None:
    """For systemd, which has nothing to say about them."""
    assert analyze("verify", "--man=no", *units) == ""


def changes() -> list[Fence]:
    """What pages tell to put beside the units."""
    return [fence for page in pages() for fence in fences(page) if fence.language == "ini"]


@needs("systemd-analyze")
@pytest.mark.parametrize("fence", changes(), ids=lambda fence: fence.place)
def test_each_change_of_a_unit_is_right(fence: Fence, units: list[Path]) -> None:
    """Put where its first line says; what a newer systemd knows is left to that."""
    if "notify-reload" in fence.text and version() < 253:
        assert "ignoring: notify-reload" in analyze("verify", "--man=no", changed(fence, units))
        return
    assert analyze("verify", "--man=no", changed(fence, units)) == ""


def changed(fence: Fence, units: list[Path]) -> Path:
    """Put a change where its first line says; return the unit."""
    first, _, text = fence.text.partition("\n")
    named = re.fullmatch(r"# /etc/systemd/system/(.+)\.d/([a-z]+\.conf)", first)
    assert named
    [unit] = [unit for unit in units if unit.name == named[1]]
    folder = unit.with_name(f"{unit.name}.d")
    folder.mkdir()
    (folder / named[2]).write_text(text.replace("/opt/wsecho/bin/wsecho", WSECHO))
    return unit


def version() -> int:
    """Which systemd it is."""
    said = re.match(r"systemd (\d+)", analyze("--version"))
    assert said
    return int(said[1])


@needs("systemd-analyze")
def test_the_service_can_do_little(units: list[Path]) -> None:
    """By systemd's own measure, from 0 for nothing to 10 for everything: 1.2."""
    [service] = [unit for unit in units if unit.suffix == ".service"]
    analyze("security", "--offline=true", "--threshold=12", service)


def test_the_service_starts_what_there_is(units: list[Path], tmp_path: Path) -> None:
    """Its options are the command's own, and its socket is the one of the other unit."""
    service, socket_unit = (unit.read_text().replace("\\\n", "") for unit in units)
    [line] = re.findall(r"^ExecStart=(.+)$", service, re.MULTILINE)
    [name] = re.findall(r"^FileDescriptorName=(.+)$", socket_unit, re.MULTILINE)
    assert f"--listen systemd:domain=INET:name={name}" in line
    (tmp_path / "wsecho.toml").write_text("drain = 10\n")
    options = line.replace("/etc/wsecho", str(tmp_path)).split()[2:]
    listen = options.index("--listen")
    words = [WSECHO, "check", *options[:listen], *options[listen + 2 :]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
