# SPDX-License-Identifier: MIT
"""`wsecho tail` and `wsecho say` as people run them, against real servers."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import requests

from tests.support.processes import PATIENCE, Process, RunningServer, running
from tests.support.proxies import free_port
from tests.support.tokens import key_file, token

WSECHO: Final = (sys.executable, "-m", "wsecho")


def wsecho(*words: str, stdin: bytes = b"", status: int = 0) -> tuple[list[str], str]:
    """Run the command to its end; the lines that it prints, and what it complains of."""
    done = subprocess.run(
        [*WSECHO, *words], input=stdin, capture_output=True, timeout=2 * PATIENCE, check=False
    )
    assert done.returncode == status, done.stderr.decode()
    return done.stdout.decode().splitlines(), done.stderr.decode()


def shell(script: str) -> "subprocess.CompletedProcess[str]":
    """Run a script in which `wsecho` is the command; its status is that of any part of a pipe."""
    text = f'set -o pipefail; wsecho() {{ {sys.executable} -m wsecho "$@"; }}; {script}'
    return subprocess.run(
        ["bash", "-c", text], capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )


@contextmanager
def tailing(*words: str) -> Iterator[Process]:
    """`wsecho tail` as it runs."""
    process = Process.start(*WSECHO, "tail", *words)
    try:
        yield process
    finally:
        process.end()


def test_what_is_said_is_printed(server: RunningServer) -> None:
    """Texts, lines and binary; a frame has its position."""
    url = server.http("/broadcast/said")
    places, _ = wsecho("say", url, "hello", "world")
    places += wsecho("say", url, stdin="é\n\nlast".encode())[0]
    binary = {"Content-Type": "application/octet-stream"}
    requests.post(url, b"\0\xff", headers=binary, timeout=PATIENCE).raise_for_status()
    done = shell(f"wsecho tail --json --history 9 {url} | head -n 5")
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    assert [frame.get("data") for frame in frames] == ["hello world", "é", "", "last", None]
    assert [frame["position"] for frame in frames[:4]] == places
    assert frames[4]["base64"] == "AP8="
    assert {frame["type"] for frame in frames} == {"message"}
    done = shell(f"wsecho tail --after {places[1]} {url} | head -n 2")
    assert done.stdout == "\nlast\n"


def test_head_ends_it(server: RunningServer) -> None:
    """At once, though nothing more is said, and without a word."""
    url = server.http("/broadcast/headed")
    wsecho("say", url, stdin=b"a\nb\n")
    done = shell(f"wsecho tail --history 2 {url} | head -n 2")
    assert (done.stdout, done.stderr, done.returncode) == ("a\nb\n", "", 141)
    done = shell(f"seq 1000 | wsecho say {url} | head -n 1")
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_ctrl_c_is_quiet(server: RunningServer) -> None:
    """While it waits for messages, and while one waits to be taken."""
    url = server.http("/broadcast/quiet")
    wsecho("say", url, "here")
    with tailing("--history", "1", url) as process:
        process.wait_for(re.compile("here"))
        process.signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.output == "here\n"
    for words in (("say", f"http://127.0.0.1:{free_port()}/broadcast/a", "x"), ("tail", url)):
        process = Process.start(*WSECHO, *words, environment={"PYTHONPROFILEIMPORTTIME": "1"})
        try:
            process.wait_for(re.compile("wsecho.client.posting"))
            process.signal(signal.SIGINT)
            assert process.wait() == 130
            assert "Traceback" not in process.output
        finally:
            process.end()


def test_lines_are_acknowledged_as_they_come(server: RunningServer) -> None:
    """Whoever writes them can wait for each."""
    with subprocess.Popen(
        [*WSECHO, "say", server.http("/broadcast/lines")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as popen:
        assert popen.stdin is not None
        assert popen.stdout is not None
        for number in range(1, 4):
            popen.stdin.write(b"x\n")
            popen.stdin.flush()
            assert popen.stdout.readline().endswith(f":{number}\n".encode())
        popen.stdin.close()
        assert popen.wait(PATIENCE) == 0


def test_the_first_line_that_is_not_said() -> None:
    """Is named; those before it are there, those behind it are not."""
    with running("--max-message-size", "100") as server:
        url = server.http("/broadcast/lines")
        places, complaint = wsecho("say", url, stdin=b"a\nb\n" + b"x" * 101 + b"\nc\n", status=1)
        assert [place.partition(":")[2] for place in places] == ["1", "2"]
        assert complaint.startswith("wsecho say: line 3 was not said: ")
        assert complaint.endswith("(too_large)\n")
        kept = requests.get(f"{url}?history=9", timeout=PATIENCE).json()["messages"]
        assert [message["data"] for message in kept] == ["a", "b"]


def test_tail_goes_on_over_a_restart() -> None:
    """It says what is missing, once, and prints what is said afterwards."""
    listen = f"tcp:{free_port()}:interface=127.0.0.1"
    with running(listen=listen) as server:
        url = server.http("/broadcast/a")
        wsecho("say", url, "before")
        plain, framed = tailing("--history", "1", url), tailing("--history", "1", "--json", url)
        with plain as one, framed as other:
            one.wait_for(re.compile("before"))
            other.wait_for(re.compile("before"))
            server.process.signal(signal.SIGKILL)
            server.process.wait()
            with running(listen=listen):
                gap = r"^wsecho tail: messages after \S+:1 up to \S+:0 are missing: "
                one.wait_for(re.compile(gap))
                other.wait_for(re.compile(r'^{"type": "gap", "after": "\S+:1", "position": '))
                wsecho("say", url, "afterwards")
                for process in (one, other):
                    process.wait_for(re.compile("afterwards"))
        assert one.output.splitlines()[::2] == ["before", "afterwards"]
        assert len(one.output.splitlines()) == 3


def test_say_waits_for_a_server() -> None:
    """That is not there yet."""
    port = free_port()
    process = Process.start(*WSECHO, "say", f"http://127.0.0.1:{port}/broadcast/a", "x")
    try:
        with running(listen=f"tcp:{port}:interface=127.0.0.1"):
            assert process.wait() == 0
    finally:
        process.end()
    assert process.output.endswith(":1\n")


def test_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file, from the environment, or as a word; none is printed."""
    monkeypatch.delenv("WSECHO_TOKEN", raising=False)
    good, other = token(), token(rooms={"join": ["*"]})
    (tmp_path / "token").write_text(f"{good}\n")
    with running("--token-key", str(key_file(tmp_path))) as server:
        url = server.http("/broadcast/a")
        for words in (("say", url, "x"), ("tail", url)):
            complaint = wsecho(*words, status=1)[1]
            assert "a token is needed" in complaint
            assert complaint.endswith("(unauthorized)\n")
        complaint = wsecho("say", url, "--token", other, "x", status=1)[1]
        assert complaint.endswith("(forbidden)\n")
        assert other not in complaint
        wsecho("say", url, "--token-file", str(tmp_path / "token"), "by file")
        wsecho("say", url, "--token", good, "by word")
        monkeypatch.setenv("WSECHO_TOKEN", good)
        wsecho("say", url, "by environment")
        done = shell(f"wsecho tail --history 3 {url} | head -n 3")
        assert done.stdout.splitlines() == ["by file", "by word", "by environment"]


def test_nothing_of_twisted_s_is_imported(server: RunningServer) -> None:
    """So that they begin at once."""
    program = """
import sys
from wsecho.command.main import run
for words in (("say", sys.argv[1], "x"), ("tail", "--help")):
    try:
        run(words)
    except SystemExit:
        pass
print({"twisted", "autobahn"} & set(sys.modules), file=sys.stderr)
"""
    command = [sys.executable, "-c", program, server.http("/broadcast/light")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stderr == "set()\n"


def test_a_terminal_is_safe(server: RunningServer) -> None:
    """What strangers say does nothing to it; a pipe gets it as it was said."""
    url = server.http("/broadcast/shown")
    requests.post(url, b"\x1b[2Jhi\x07\nyou", timeout=PATIENCE).raise_for_status()
    assert shell(f"wsecho tail --history 1 {url} | head -n 2").stdout == "\x1b[2Jhi\x07\nyou\n"
    command = f"{sys.executable} -m wsecho tail --history 1 {url}"
    process = Process.start("script", "--quiet", "--flush", "--command", command, "/dev/null")
    try:
        process.wait_for(re.compile(r"^\\x1b\[2Jhi\\x07\\nyou"))
    finally:
        process.end()
