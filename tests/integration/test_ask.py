# SPDX-License-Identifier: MIT
"""Applications that are asked over HTTP: those that people run, and some that misbehave."""

import base64
import re
import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import requests
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.node import node_process
from tests.support.certificates import write_certificate
from tests.support.misbehaving import YES, Misbehaving, misbehaving
from tests.support.processes import EMPTY, PATIENCE, RunningServer, running
from tests.support.proxies import free_port
from tests.support.uvicorn import uvicorn
from tests.support.waiting import wait_until

TIMEOUT: Final = 1.5
IDLE: Final = 6.0
"""Seconds after which uvicorn and Node have closed a connection that rests."""

HUGE: Final = 30_000_000
REDIRECT: Final = b"HTTP/1.1 307 Go\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n"
HALF: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b'{"allow":true}'
CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TO_THE_END: Final = b'HTTP/1.0 200 OK\r\n\r\n{"allow":true}'


def say(server: RunningServer, room: str, data: str | bytes = "hi") -> requests.Response:
    """Say something, which the application is asked about."""
    return requests.post(server.http(f"/broadcast/{room}"), data=data, timeout=PATIENCE)


def is_unavailable(answer: requests.Response) -> bool:
    """Tell whether there was no answer, and the client was told so, and no more."""
    error = {"code": "unavailable", "reason": "the application does not answer"}
    return (answer.status_code, answer.json()) == (503, {"error": error}) and int(
        answer.headers["Retry-After"]
    ) >= 1


def wait_until_asked(server: RunningServer) -> None:
    """Wait until a question is answered, for the breaker may be open."""
    wait_until(lambda: say(server, "fine").status_code == 201)


@contextmanager
def asking(
    url: str,
    *options: str,
    timeout: float = PATIENCE,
    environment: Mapping[str, str] = EMPTY,
) -> Iterator[RunningServer]:
    """A server that asks an application, which has time enough on a busy machine."""
    options = ("--ask", url, "--ask-timeout", str(timeout), *options)
    with running(*options, environment=environment) as server:
        yield server
        # However it went, it is no fault of the server's.
        faults = ("Traceback", "Unhandled", "our own fault")
        assert [line for line in server.process.lines if any(map(line.__contains__, faults))] == []


@pytest.fixture(scope="module")
def application() -> Iterator[Misbehaving]:
    """One that misbehaves, where it is told so."""
    with misbehaving() as server:
        yield server


@pytest.fixture(scope="module")
def server(application: Misbehaving) -> Iterator[RunningServer]:
    """A server that asks it."""
    url = f"http://127.0.0.1:{application.port}/ask?hush=hush"
    with asking(url, "--ask-header", "Cookie", timeout=TIMEOUT) as server:
        yield server


# -- misbehaving

ANSWERS: Final = {
    "reset": (b"", True, True),
    "half": (HALF, True, False),
    "half-reset": (HALF, True, True),
    "unfinished": (HALF, False, False),
    "half-chunk": (CHUNKED + b'e\r\n{"allow":true}', True, False),
    "no-last-chunk": (CHUNKED + b'e\r\n{"allow":true}\r\n', True, False),
    "cut-json": (TO_THE_END[:-1], True, False),
    "silence": (b"", False, False),
    "redirect": (REDIRECT, False, False),
    "error": (b"HTTP/1.1 500 Oh\r\nContent-Length: 14\r\n\r\n" + b'{"allow":true}', False, False),
    "no-content": (b"HTTP/1.1 204 No\r\n\r\n", False, False),
    "html": (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", False, False),
    "not-http": (b"SSH-2.0-OpenSSH_9\r\n\r\n", False, False),
    "two-lengths": (YES.replace(b"Content-T", b"Content-Length: 3\r\nX"), False, False),
    "gzip": (YES.replace(b'{"allow":true}', b"\x1f\x8b\x08\x00allow:true"), False, False),
    "early-hints": (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3, True, False),
    "huge": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{", False, False),
    "huge-chunk": (CHUNKED + b"%x\r\n" % HUGE + b" " * HUGE, True, False),
    "twice": (b'HTTP/1.0 200 OK\r\n\r\n{"allow":false,"allow":true}', True, False),
    "nan": (b'HTTP/1.0 200 OK\r\n\r\n{"allow":true,"x":NaN}', True, False),
    "deep": (b'HTTP/1.0 200 OK\r\n\r\n{"allow":true,"x":' + b"[" * 50_000, True, False),
}


@pytest.mark.parametrize("room", ANSWERS)
def test_what_is_no_answer_is_no(
    application: Misbehaving, server: RunningServer, room: str
) -> None:
    """Nothing is said, the client may come again, and the next question finds its answer."""
    application.answers[room] = ANSWERS[room]
    wait_until_asked(server)
    assert is_unavailable(say(server, room))
    wait_until_asked(server)
    heard = requests.get(server.http(f"/broadcast/{room}?history=9"), timeout=PATIENCE)
    assert (heard.status_code == 503) or heard.json()["messages"] == []


def test_an_answer_that_is_cut_anywhere_is_no(
    application: Misbehaving, server: RunningServer
) -> None:
    """Behind each of its octets; whole, it is a yes."""
    statuses = []
    for place in range(len(YES) + 1):
        application.answers[f"cut-{place}"] = (YES[:place], True, False)
        if not place % 4:
            wait_until_asked(server)
        statuses.append(say(server, f"cut-{place}").status_code)
    assert statuses == [503] * len(YES) + [201]
    # What was begun to be answered is not asked again.
    assert all(len(application.questions[f"cut-{place}"]) == 1 for place in range(1, len(YES)))


def test_an_answer_that_comes_in_drips_is_no(
    application: Misbehaving, server: RunningServer
) -> None:
    """Though there is always something of it."""
    application.drips.add("drip")
    wait_until_asked(server)
    assert is_unavailable(say(server, "drip"))


def test_a_body_that_ends_with_its_connection_counts(
    application: Misbehaving, server: RunningServer
) -> None:
    """Of a server that speaks HTTP/1.0, as Python's own does."""
    application.answers["to-the-end"] = (TO_THE_END, True, False)
    wait_until_asked(server)
    assert say(server, "to-the-end").status_code == 201


def test_what_met_the_end_of_a_kept_connection_is_asked_once_more(
    application: Misbehaving, server: RunningServer
) -> None:
    """The very same question, signed and named alike, on a connection of its own."""
    application.closes_kept.add("kept")
    wait_until_asked(server)
    assert say(server, "kept").status_code == 201
    first, again = application.octets["kept"]
    assert first[0] == again[0]
    assert first[1] == again[1].replace("Connection: close\r\n", "")


def test_a_server_that_says_so_when_it_closes_what_rests(
    application: Misbehaving, server: RunningServer
) -> None:
    """By a 408 that answers nothing: it is not taken for the next question's answer."""
    idle = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    application.answers["idle"] = (YES + idle, True, False)
    wait_until_asked(server)
    for _ in range(5):
        assert say(server, "idle").status_code == 201


def test_connections_that_end_with_each_answer(
    application: Misbehaving, server: RunningServer
) -> None:
    """Whether that is said before or not."""
    closing = YES.replace(b"Content-Type", b"Connection: close\r\nContent-Type")
    application.answers["closing"] = (closing, True, False)
    application.answers["unsaid"] = (YES, True, False)
    wait_until_asked(server)
    for room in ["closing", "unsaid"] * 5:
        assert say(server, room).status_code == 201


def test_what_is_never_read_is_given_up() -> None:
    """However much of the question is left to be sent; nothing waits for it at the end."""
    with misbehaving() as application:
        application.never_reads = True
        url = f"http://127.0.0.1:{application.port}/"
        with asking(url, "--max-message-size", "12M", timeout=TIMEOUT) as server:
            for size in (10, 10 << 20):
                assert is_unavailable(say(server, "a", b"x" * size))
            server.process.signal(signal.SIGTERM)
            server.process.wait()


def test_the_log_has_one_line_a_minute_and_no_secret(
    application: Misbehaving, server: RunningServer
) -> None:
    """Neither what the URL has in its query, nor a header that is passed on."""
    application.answers["error"] = ANSWERS["error"]
    for _ in range(7):
        requests.post(
            server.http("/broadcast/error"),
            "x",
            headers={"Cookie": "a=hush-hush"},
            timeout=PATIENCE,
        )
    wait_until_asked(server)
    question = application.questions["error"][-1]
    assert question["visit"]["headers"] == {"cookie": "a=hush-hush"}
    lines = [line for line in server.process.lines if "gives no answer" in line]
    assert len(lines) <= 2
    assert f"http://127.0.0.1:{application.port}/ask gives no answer" in lines[0]
    assert "hush" not in server.process.output


# -- away


def test_who_is_away_is_left_alone_and_found_again() -> None:
    """Soon after it is there."""
    port = free_port()
    with asking(f"http://localhost:{port}/") as server:
        for _ in range(7):
            assert is_unavailable(say(server, "a"))
        metrics = requests.get(server.http("/metrics"), timeout=PATIENCE).text
        assert "wsecho_ask_breaker_open 1.0" in metrics
        with uvicorn("tests.support.asked_http:app", port=port):
            wait_until(lambda: say(server, "open-a").status_code == 201)
        server.process.wait_for(re.compile("answers again"))
        metrics = requests.get(server.http("/metrics"), timeout=PATIENCE).text
        assert "wsecho_ask_breaker_open 0.0" in metrics


# -- what people run


def test_uvicorn_may_close_what_rests() -> None:
    """It does after 5 s; a second question is asked then all the same."""
    with uvicorn("tests.support.asked_http:app") as (url, _), asking(url) as server:
        for pause in (0, 0, IDLE):
            time.sleep(pause)
            assert say(server, "open-a", "shout hi").status_code == 201
        answer = requests.get(server.http("/broadcast/open-a?history=9"), timeout=PATIENCE)
        assert [message["data"] for message in answer.json()["messages"]] == ["HI"] * 3


def test_a_server_that_closes_sooner_than_we_do() -> None:
    """Whatever its patience is, nobody is told of it."""
    patience = ("--timeout-keep-alive", "1")
    with uvicorn("tests.support.asked_http:app", *patience) as (url, _), asking(url) as server:
        for pause in (0, 0.9, 0.95, 1.0, 1.05, 1.1):
            time.sleep(pause)
            assert say(server, "open-a").status_code == 201


def test_nodes_own_server() -> None:
    """At its defaults: it is asked over one connection, one after the other, and after a rest."""
    node = node_process("asked.mjs")
    try:
        port = node.wait_for(re.compile(r"listening on (\d+)"))[1]
        with asking(f"http://localhost:{port}/") as server:
            for _ in range(20):
                assert say(server, "a").status_code == 201
            assert say(server, "a", "ports").status_code == 201
            assert say(server, "a", "no").json()["error"] == {
                "code": "forbidden",
                "reason": "not you",
            }
            time.sleep(IDLE)
            assert say(server, "a", "ports").status_code == 201
            answer = requests.get(server.http("/broadcast/a?history=99"), timeout=PATIENCE)
            said = [message["data"] for message in answer.json()["messages"]]
            assert [text for text in said if text != "hi"] == ["1", "2"]
    finally:
        node.end()


def test_a_restart_of_the_application_costs_no_more_than_its_time() -> None:
    """Kept connections that it ended are used no more."""
    port = free_port()
    with asking(f"http://127.0.0.1:{port}/") as server:
        for _ in range(2):
            with uvicorn("tests.support.asked_http:app", port=port):
                wait_until(lambda: say(server, "open-a").status_code == 201)
                with ThreadPoolExecutor(16) as pool:
                    statuses = pool.map(lambda _: say(server, "open-a").status_code, range(64))
                assert set(statuses) == {201}


def test_an_application_that_stands_still() -> None:
    """Its kept connections are no good while it does, and are not in the way afterwards."""
    with (
        uvicorn("tests.support.asked_http:app") as (url, process),
        asking(url, timeout=TIMEOUT) as server,
    ):
        wait_until(lambda: say(server, "open-a").status_code == 201)
        process.signal(signal.SIGSTOP)
        try:
            assert is_unavailable(say(server, "open-a"))
            with ThreadPoolExecutor(16) as pool:
                answers = list(pool.map(lambda _: say(server, "open-a"), range(32)))
            assert all(map(is_unavailable, answers))
        finally:
            process.signal(signal.SIGCONT)
        wait_until(lambda: say(server, "open-a").status_code == 201)


def test_more_than_are_asked_at_once() -> None:
    """Two hundred at a time are all answered, in turn."""
    with uvicorn("tests.support.asked_http:app") as (url, _), asking(url) as server:
        with ThreadPoolExecutor(200) as pool:
            statuses = pool.map(
                lambda number: say(server, f"open-{number}").status_code, range(400)
            )
        assert set(statuses) == {201}


# -- signatures and TLS


def is_signed_by(application: Misbehaving, secret: bytes) -> bool:
    """Tell whether the library takes the last question as signed by a secret."""
    body, head = application.octets["signed"][-1]
    lines = (line.split(": ", 1) for line in head.split("\r\n")[1:])
    try:
        Webhook(secret.decode()).verify(body, dict(lines))
    except WebhookVerificationError:
        return False
    return True


def test_questions_are_signed_and_secrets_are_read_again(
    application: Misbehaving, tmp_path: Path
) -> None:
    """By each secret of the file, and by those that it has after SIGHUP."""
    old, new = (b"whsec_" + base64.b64encode(bytes([each]) * 32) for each in (1, 2))
    file = tmp_path / "secrets"

    def signers(asking_server: RunningServer) -> list[bool]:
        assert say(asking_server, "signed").status_code == 201
        return [is_signed_by(application, secret) for secret in (old, new)]

    file.write_bytes(old + b"\n")
    url = f"http://127.0.0.1:{application.port}/"
    with asking(url, "--ask-secret", str(file)) as server:
        assert signers(server) == [True, False]
        for content, line, by in (
            (new + b"\n" + old, "were read again", [True, True]),
            (b"nothing\n", "not read again.*secrets: line 1: a secret begins", [True, True]),
            (new, "were read again", [False, True]),
        ):
            file.write_bytes(content)
            server.process.signal(signal.SIGHUP)
            server.process.wait_for(re.compile(line))
            assert signers(server) == by


@pytest.mark.parametrize(
    ("host", "is_trusted", "status"),
    [("localhost", True, 201), ("localhost", False, 503), ("other.example", True, 503)],
    ids=["good", "unknown", "another"],
)
def test_a_certificate_is_verified(
    tmp_path: Path, host: str, is_trusted: bool, status: int
) -> None:
    """By whom the system trusts, and for the host's name."""
    certificate = write_certificate(tmp_path, 1, host=host)
    trusted = {"SSL_CERT_FILE": str(certificate)} if is_trusted else {}
    with (
        misbehaving(certificate) as application,
        asking(f"https://localhost:{application.port}/", environment=trusted) as server,
    ):
        assert say(server, "a").status_code == status
        assert len(application.questions["a"]) == (status == 201)
        if status != 201:
            server.process.wait_for(re.compile("gives no answer: TLS: .*certificate"))


def test_proxies_of_the_environment_are_not_heeded(application: Misbehaving) -> None:
    """The application stands beside the server."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    proxies = {"HTTP_PROXY": nowhere, "http_proxy": nowhere, "ALL_PROXY": nowhere}
    with asking(f"http://127.0.0.1:{application.port}/", environment=proxies) as server:
        assert say(server, "a").status_code == 201
