# SPDX-License-Identifier: MIT
"""`wsecho try-client` as people run it: a good client, one that notices nothing, and no clients."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from secrets import randbelow
from xml.etree import ElementTree as ET

import pytest

from tests.support.processes import PATIENCE
from wsecho.trying.cases import all_cases, cases_like
from wsecho.trying.judging import CaseOutcome
from wsecho.trying.lab_server import serving_lab
from wsecho.trying.runner import ClientRunner, TryingTimes

GOOD = """
import sys
from websockets.sync.client import connect

with connect(sys.argv[1]) as websocket:
    for message in websocket:
        websocket.send(message)
"""

# It takes whatever is an answer, and whatever looks like a frame; nothing is wrong for it.
BAD = """
import os, socket, sys
from urllib.parse import urlsplit

url = urlsplit(sys.argv[1])
sock = socket.create_connection((url.hostname, url.port))
sock.sendall(
    f"GET {url.path}?{url.query} HTTP/1.1\\r\\nHost: {url.netloc}\\r\\nUpgrade: websocket\\r\\n"
    "Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n".encode()
)
buffer = b""

def read(number):
    global buffer
    while len(buffer) < number:
        data = sock.recv(1 << 16)
        if not data:
            while True:
                sys.stdin.read(1) or sys.exit(3)
        buffer += data
    found, buffer = buffer[:number], buffer[number:]
    return found

head = b""
while not head.endswith(b"\\r\\n\\r\\n"):
    head += read(1)
while True:
    first, second = read(2)
    length = second & 127
    if length > 125:
        length = int.from_bytes(read(2 if length == 126 else 8))
    if second & 128:
        read(4)
    payload = read(length)
    opcode = first & 15
    if opcode in (1, 2, 9):
        key = os.urandom(4)
        masked = bytes(octet ^ key[n % 4] for n, octet in enumerate(payload))
        answer = 10 if opcode == 9 else opcode
        sock.sendall(bytes((128 | answer, 128 | min(len(payload), 125))) + key + masked)
"""

Program = Callable[[str], str]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Write a program; return what starts it."""

    def write(text: str) -> str:
        path = tmp_path / "my client.py"
        path.write_text(text)
        return shlex.join([sys.executable, str(path)]) + " {url}"

    return write


def run(*words: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("wsecho")), "try-client", *words],
        capture_output=True,
        text=True,
        timeout=10 * PATIENCE,
        check=False,
        cwd=cwd,
    )


def table(output: str) -> Mapping[str, Sequence[str]]:
    """The rows, by the names of the cases: level, verdict, exit, and the rest."""
    rows = [re.split(r"\s{2,}", line) for line in output.splitlines()[1:]]
    return {row[0]: row[1:] for row in rows if len(row) > 3}


def test_a_good_client(program: Program, tmp_path: Path) -> None:
    """It passes, and its own status and memory stand beside; a folder's modules are nothing."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "twisted.py").write_text("1 / 0")
    globs = ["masked", "utf8*", "close-utf8", "after-close", "accept=*", "glue", "length-huge"]
    words = [word for glob in globs for word in ("--rules", glob)]
    words += ["--strict", "--jobs", "2", "--junit", "result.xml"]
    done = run(program(GOOD), *words, cwd=tmp_path / "elsewhere")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = table(done.stdout)
    cases = [case for glob in globs for case in cases_like([glob])]
    assert [*rows] == [case.name for case in all_cases() if case in cases]
    assert {row[1] for row in rows.values()} == {"passed"}
    assert rows["utf8"][2:] == ["1", rows["utf8"][3]]
    assert rows["utf8"][3].startswith("failed with 1007 after ")
    assert rows["glue"][2] == "ended"
    assert re.fullmatch(r"[1-9]\d+ MiB", rows["length-huge"][3])
    assert done.stdout.splitlines()[-1] == f"{len(cases)} cases: {len(cases)} passed"
    suite = ET.parse(tmp_path / "elsewhere" / "result.xml").getroot()
    assert (suite.attrib["tests"], suite.attrib["failures"]) == (str(len(cases)), "0")
    assert "InvalidHeaderValue" in (suite[0][-1].text or "")


def test_a_client_that_notices_nothing(program: Program) -> None:
    """It misses each must, and takes what is to be taken."""
    globs = ["accept=*", "rsv1", "opcode-3", "utf8", "chunked", "masked", "status=404", "deflate-*"]
    done = run(program(BAD), "--jobs", "4", *(w for glob in globs for w in ("--rules", glob)))
    assert done.returncode == 1, done.stdout + done.stderr
    rows = table(done.stdout)
    assert {name: row[1] for name, row in rows.items() if row[1] != "not tried"} == {
        "status=404": "missed",  # it goes on as if nothing were
        **dict.fromkeys(("accept=bad", "accept=none", "accept=twice"), "missed"),
        "chunked": "passed",
        **dict.fromkeys(("masked", "rsv1", "opcode-3", "utf8"), "missed"),
        "deflate-unasked": "missed",
    }
    assert rows["accept=bad"][2:] == ["ended", rows["accept=bad"][3]]
    assert rows["accept=bad"][3].startswith("took it: answered the ping behind it after ")
    assert rows["opcode-3"][3].startswith("did nothing for ")
    assert {row[3] for row in rows.values() if row[1] == "not tried"} == {
        "offers no permessage-deflate"
    }


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("false {url}", "COMMAND made no connection, and ended with 1"),
        (
            "sh -c 'echo hello; kill -SEGV $$' {url}",
            "COMMAND made no connection, and ended with SIGSEGV: hello",
        ),
    ],
)
def test_one_that_dies_at_once(command: str, line: str) -> None:
    """It is said, and nothing more is tried."""
    done = run(command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"wsecho try-client: {line}\n"


@pytest.mark.parametrize(
    "words", [["ls"], ["no-such-program {url}"], ["ls {url}", "--rules", "nothing"]]
)
def test_what_means_nothing(words: list[str]) -> None:
    """One line, and status 2."""
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(
        r"wsecho try-client: argument .+ \(wsecho try-client --help\)\n", done.stderr
    )


def test_what_is_no_program_after_all(tmp_path: Path) -> None:
    """One line, and status 1."""
    path = tmp_path / "client"
    path.write_bytes(b"\x7fELF and no more")
    path.chmod(0o755)
    done = run(f"{path} {{url}}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("wsecho try-client: ")
    assert "Exec format error" in done.stderr


# -- commands that are no clients, or do more than they should


def seconds() -> str:
    """How long a process sleeps that is looked for: as nobody else's."""
    return f"9{randbelow(10**8):08}.5"


def sleeping(how_long: str) -> list[str]:
    """The processes that sleep for that long, whoever has started them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if how_long.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def gone(how_long: str) -> bool:
    """Whether no such process is left, nor will be after a while."""
    deadline = time.monotonic() + PATIENCE
    while sleeping(how_long) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not sleeping(how_long)


def tried(command: str, *globs: str, connection: float = PATIENCE) -> list[CaseOutcome]:
    """Try it by some cases."""
    times = TryingTimes(connection=connection)
    with serving_lab() as lab:
        return list(ClientRunner(shlex.split(command), lab, times).run(cases_like(globs), 1))


def test_one_that_never_connects_is_ended() -> None:
    """Though it wants no end."""
    how_long = seconds()
    (outcome,) = tried(
        f"sh -c 'trap : TERM; sleep {how_long}; sleep {how_long}' {{url}}", "rsv1", connection=0.5
    )
    assert outcome.judged.did == "made no connection within 0.5 s"
    assert outcome.exit == "ended"
    assert gone(how_long)


def test_one_that_takes_no_end_is_made_to(program: Program) -> None:
    """Connected, and deaf to SIGTERM."""
    text = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + GOOD
    (outcome,) = tried(program(text), "chunked")
    assert (outcome.judged.finding, outcome.exit) == ("passed", "ended")


@pytest.mark.parametrize("leaving", ["", "setsid "], ids=["in its group", "out of it"])
def test_what_a_client_leaves_behind_is_ended(program: Program, leaving: str) -> None:
    """Those of its group, and those that have left it; the client's own way goes on."""
    how_long = seconds()
    client = program(GOOD).replace(" {url}", "")
    script = f'{leaving}sleep {how_long} & {client} "$1"; exit 7'
    (outcome,) = tried(shlex.join(["sh", "-c", script, "sh", "{url}"]), "rsv1")
    assert (outcome.judged.finding, outcome.exit) == ("passed", "7")
    assert outcome.remarks == ("left processes behind, which were ended",)
    assert gone(how_long)


def test_one_that_goes_into_the_background_is_a_client_all_the_same(program: Program) -> None:
    """What it has started is waited for."""
    client = program(GOOD).replace(" {url}", "")
    script = f'(sleep 1; setsid {client} "$1") & exit 0'
    (outcome,) = tried(shlex.join(["sh", "-c", script, "sh", "{url}"]), "chunked")
    assert (outcome.judged.finding, outcome.exit) == ("passed", "0")


def test_one_that_floods_its_output(program: Program) -> None:
    """All of it is read, the last of it kept, and that is remarked."""
    text = (
        "import threading, os\n"
        "def flood():\n"
        "    while True: os.write(1, b'x' * 65536); os.write(2, b'\\xff\\n')\n"
        "threading.Thread(target=flood, daemon=True).start()\n"
        + GOOD.replace("with", "import time; time.sleep(1)\nwith")
    )
    (outcome,) = tried(program(text), "chunked")
    assert outcome.judged.finding == "passed"
    (remark,) = outcome.remarks
    assert re.fullmatch(r"wrote \d+ MiB", remark)
    assert len(outcome.words) <= 4096


def test_standard_input_is_open_and_silent(program: Program) -> None:
    """Nothing comes there, and no end."""
    text = (
        "import select, sys\n"
        "assert not select.select([sys.stdin], [], [], 0.5)[0], 'there is something'\n" + GOOD
    )
    (outcome,) = tried(program(text), "chunked")
    assert outcome.judged.finding == "passed"


@pytest.fixture
def hanging() -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A trial of a command that never connects, and how long that sleeps."""
    how_long = seconds()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "wsecho", "try-client", "--jobs", "2"),
            f"sh -c 'sleep {how_long}' {{url}}",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + PATIENCE
    while len(sleeping(f"sleep\0{how_long}")) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    yield process, how_long
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_it_ends_in_order(
    hanging: tuple["subprocess.Popen[str]", str], number: int, status: int
) -> None:
    """With its commands and its server, and without a word."""
    process, how_long = hanging
    server = children(process.pid, "attended")
    assert server
    process.send_signal(number)
    output, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (status, "")
    assert gone(how_long)
    assert not any(Path(f"/proc/{pid}").exists() for pid in server)


def test_its_server_ends_though_it_is_killed(
    hanging: tuple["subprocess.Popen[str]", str],
) -> None:
    """By SIGKILL, which leaves it no time for anything."""
    process, how_long = hanging
    (server,) = children(process.pid, "attended")
    process.kill()
    process.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while is_running(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(server)
    for pid in sleeping(how_long):
        os.kill(int(pid), signal.SIGKILL)


def children(parent: int, word: str) -> list[str]:
    """The children of a process whose command line has a word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            is_child = path.read_text().rpartition(")")[2].split()[1] == str(parent)
            if is_child and word.encode() in path.with_name("cmdline").read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def is_running(pid: str) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
