# SPDX-License-Identifier: MIT
"""The command `wsecho` as people run it: started, asked, rotated and ended from outside."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
import requests
from websockets.sync.client import connect

from tests.support.processes import PATIENCE, Process, RunningServer, running, twistd
from tests.support.redis_server import redis_server
from tests.support.waiting import wait_until
from tests.support.wrong_starts import WRONG_STARTS, WrongStart, answer_of, prepared

WSECHO: Final = (sys.executable, "-m", "wsecho")
LOOPBACK: Final = ("--listen", "127.0.0.1:0")
LINKED: Final = re.compile(r"listening on .* (http://127\.0\.0\.1:\d+/)$")
LINES: Final = 20
METRICS: Final = re.compile(r"metrics are at (\S+)")
# As root without any of root's rights: what a user is who owns nothing that may be written.
POWERLESS: Final = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if not os.getuid() else ()


@pytest.mark.parametrize(
    "start", [start for start in WRONG_STARTS if start.binds], ids=lambda s: " ".join(s.words)
)
def test_a_wrong_start_of_a_process(start: WrongStart) -> None:
    """One line on standard error, nothing else, and the status."""
    with prepared(start) as words:
        answer, status = answer_of(words)
        taken = next(
            iter(re.findall(r"(?<=127\.0\.0\.1:)[1-9]\d*", " ".join([*words, answer]))), ""
        )
    [line] = answer.splitlines()
    assert start.answer.replace("PORT", taken) in line
    assert status == start.status


@pytest.mark.parametrize("missing", ["ssl:0:privateKey=k.pem", "tls:.:0"])
def test_tls_without_its_extra(missing: str, tmp_path: Path) -> None:
    """It says what to install."""
    program = (
        "import sys; sys.modules['OpenSSL'] = None; from wsecho.command.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--listen", missing],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "TLS needs what pip install 'wsecho[tls]' brings" in line


@pytest.fixture
def bare_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may write to."""
    folder = tmp_path / "bare"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def test_a_user_without_rights_in_a_read_only_folder(bare_folder: Path) -> None:
    """It serves, with the address to click at the end of its line, and leaves nothing behind."""
    command = [*POWERLESS, *WSECHO, *LOOPBACK]
    refused = [*POWERLESS, "sh", "-c", "! touch x 2>&1"]
    assert "denied" in subprocess.check_output(refused, cwd=bare_folder, text=True)
    process = Process.start(*command, cwd=bare_folder)
    try:
        url = process.wait_for(LINKED)[1]
        assert requests.get(url, timeout=PATIENCE).ok
        assert requests.get(f"{url}readyz", timeout=PATIENCE).text == "ready\n"
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
    finally:
        process.end()
    assert list(bare_folder.iterdir()) == []
    assert "Traceback" not in process.output
    assert "cache" not in process.output


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("--log-file", "{}/log"), "the user that runs this may not write it"),
        (("--log-file", "{}/new"), "the user that runs this may not make a file in {}"),
        (("--log-file", "{}/shut/log"), "Permission denied"),
        (("--web", "{}/shut/web"), "Permission denied"),
        (("--token-key", "{}/secret"), "Permission denied"),
        (("--wampcra-secrets", "{}/secret"), "Permission denied"),
        (("--cluster-secret", "{}/shut/secret"), "Permission denied"),
        (("--listen", "tls:{}/shut:1"), "{}/shut: Permission denied"),
        (("--listen", "ssl:1:privateKey={}/secret"), "{}/secret: Permission denied"),
        (("--config", "{}/secret"), "Permission denied"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_what_this_user_may_not_is_told_before(
    bare_folder: Path, words: tuple[str, str], answer: str
) -> None:
    """In one line that names the option and what is in the way."""
    bare_folder.chmod(0o755)
    for name, mode in (("log", 0o444), ("secret", 0o000)):
        (bare_folder / name).touch()
        (bare_folder / name).chmod(mode)
    (bare_folder / "shut").mkdir(0o000)
    bare_folder.chmod(0o555)
    option, value = words[0], words[1].format(bare_folder)
    command = [*POWERLESS, *WSECHO, "check", option, value]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line == f"wsecho: {option} {value}: {answer.format(bare_folder)}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order(number: signal.Signals) -> None:
    """With status 0, and its last line written."""
    process = Process.start(*WSECHO, *LOOPBACK)
    try:
        process.wait_for(LINKED)
        process.signal(signal.SIGUSR1)
        process.wait_for(re.compile("SIGUSR1 is for --log-file: there is none to open again"))
        process.signal(signal.SIGHUP)
        process.wait_for(re.compile("keys and certificates were read again"))
        process.signal(number)
        assert process.wait() == 0
    finally:
        process.end()
    assert "stopped: 0 connections closed" in process.output


def test_head_leaves_no_traceback() -> None:
    """Neither of help, nor of a server whose log nobody reads any more."""
    shell = f"{sys.executable} -m wsecho serve --help | head -n 1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
    reading, writing = os.pipe()
    popen = subprocess.Popen(
        [*WSECHO, *LOOPBACK], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    with os.fdopen(reading) as log:
        url = next(match[1] for line in log if (match := LINKED.search(line)))
    for _ in range(3):
        assert requests.get(f"{url}healthz", timeout=PATIENCE).text == "alive\n"
    popen.terminate()
    _, errors = popen.communicate(timeout=PATIENCE)
    assert errors == ""
    assert popen.returncode == 0


def test_it_runs_with_its_outputs_closed(tmp_path: Path) -> None:
    """As some supervisors start what they start."""
    log = tmp_path / "log"
    shell = f"exec {' '.join([*WSECHO, *LOOPBACK])} --log-file {log} >&- 2>&-"
    popen = subprocess.Popen(["bash", "-c", shell])
    try:
        wait_until(lambda: log.exists() and "listening on" in log.read_text())
    finally:
        popen.terminate()
    assert popen.wait(PATIENCE) == 0


@pytest.fixture(params=[1, 2], ids=["one process", "two workers"])
def options(request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """The options of either form."""
    with ExitStack() as stack:
        if request.param == 1:
            yield ()
        else:
            redis = stack.enter_context(redis_server())
            yield ("--workers", str(request.param), "--redis", redis.url)


def test_metrics_have_a_port_of_their_own(options: tuple[str, ...], tmp_path: Path) -> None:
    """Without a token, all three, and nowhere else."""
    subprocess.run([*WSECHO, "key", "key"], cwd=tmp_path, check=True)
    more = ("--metrics-listen", "127.0.0.1:0", "--token-key", str(tmp_path / "key.pub"), *options)
    with running(*more, program=WSECHO) as server:
        where = server.process.wait_for(METRICS)[1]
        for path, part in (
            ("metrics", "wsecho_connections"),
            ("healthz", "alive"),
            ("readyz", "ready"),
        ):
            answer = requests.get(f"http://{where}/{path}", timeout=PATIENCE)
            assert answer.status_code == 200
            assert part in answer.text
            assert requests.get(server.http(f"/{path}"), timeout=PATIENCE).status_code == 404
        assert ("wsecho_workers" in requests.get(f"http://{where}/metrics", timeout=9).text) is (
            "--workers" in options
        )
        for path in ("", "echo", "broadcast/x", "lp/open"):
            assert requests.get(f"http://{where}/{path}", timeout=PATIENCE).status_code == 404


def write_lines(server: RunningServer, count: int) -> None:
    """Have lines written: two for each connection."""
    for _ in range(count):
        with connect(server.ws("/echo")):
            pass


@pytest.mark.skipif(shutil.which("logrotate") is None, reason="apt install logrotate")
def test_logrotate_loses_no_line(options: tuple[str, ...], tmp_path: Path) -> None:
    """While lines are written it moves the file and signals, and moves it and does not."""
    log = tmp_path / "logs" / "wsecho.log"
    log.parent.mkdir(mode=0o755)
    more = ("--log-format", "json", "--log-file", str(log), *options)
    process = Process.start(*WSECHO, *LOOPBACK, *more)
    try:
        wait_until(lambda: log.exists() and "listening on" in log.read_text())
        found = re.search(r"listening on ([\d.]+):(\d+)", log.read_text())
        assert found is not None
        server = RunningServer(process, found[1], int(found[2]))
        for signals in (True, False, True):
            write_lines(server, LINES)
            rotate(log, process.popen.pid if signals else None)
            write_lines(server, LINES)
            if signals:
                wait_until(lambda: "was opened again" in log.read_text())
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
    finally:
        process.end()
    pieces = sorted(log.parent.iterdir())
    assert len(pieces) == 4
    assert all(piece.stat().st_size for piece in pieces)
    events = [json.loads(line) for piece in pieces for line in piece.read_text().splitlines()]
    for event in ("opened", "closed"):
        assert sum(one.get("event") == event for one in events) == 6 * LINES


def rotate(log: Path, pid: int | None) -> None:
    """Have Debian's logrotate move a file, and signal a process if there is one."""
    folder = log.parent.parent
    kill = "" if pid is None else f"postrotate\nkill -USR1 {pid}\nendscript"
    user = "" if os.getuid() else "su root root"
    config = folder / "logrotate.conf"
    config.write_text(f"{log} {{\nrotate 9\nnocreate\n{user}\n{kill}\n}}\n")
    config.chmod(0o644)
    command = ["logrotate", "--force", "--state", str(folder / "state"), str(config)]
    subprocess.run(command, check=True, timeout=PATIENCE)


def test_every_process_of_a_service_may_be_signalled(tmp_path: Path) -> None:
    """As `systemctl kill` does it: the workers live on."""
    with redis_server() as redis:
        log = tmp_path / "log"
        more = ("--workers", "2", "--redis", redis.url, "--log-file", str(log))
        process = Process.start(*WSECHO, *LOOPBACK, *more)
        try:
            wait_until(lambda: log.exists() and "listening on" in log.read_text())
            pids = [int(pid) for pid in re.findall(r"ready, process (\d+)", log.read_text())]
            for pid in [*pids, process.popen.pid]:
                os.kill(pid, signal.SIGUSR1)
            wait_until(lambda: "was opened again" in log.read_text())
            assert all(Path(f"/proc/{pid}").exists() for pid in pids)
            process.signal(signal.SIGTERM)
            assert process.wait() == 0
        finally:
            process.end()
        assert "killed by" not in log.read_text()


def test_twistd_logs_into_the_file_too(tmp_path: Path) -> None:
    """And opens it again when it is told to; its status is twistd's own."""
    log = tmp_path / "log"
    process = Process.start(*twistd(), *LOOPBACK, "--log-file", str(log))
    try:
        wait_until(lambda: log.exists() and "listening on" in log.read_text())
        log.rename(tmp_path / "old")
        process.signal(signal.SIGUSR1)
        wait_until(lambda: log.exists() and "was opened again" in log.read_text())
        process.signal(signal.SIGTERM)
        assert process.wait() == -signal.SIGTERM
    finally:
        process.end()
    assert process.output == ""


def test_workers_import_nothing_from_the_folder_they_are_in(tmp_path: Path) -> None:
    """As their parent, where that was started by its name."""
    (tmp_path / "attrs.py").write_text("raise SystemExit('this is another')")
    program = Path(sys.executable).with_name("wsecho")
    with redis_server() as redis:
        more = ("--workers", "2", "--redis", redis.url)
        process = Process.start(str(program), *LOOPBACK, *more, cwd=tmp_path)
        try:
            process.wait_for(LINKED)
        finally:
            process.end()
