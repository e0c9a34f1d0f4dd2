# SPDX-License-Identifier: MIT
"""`scripts/testsuite --handshake` on sockets: against wsecho, and against servers that are bad."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from _testsuite.handshake.answer import accept_of
from _testsuite.handshake.case import Level, Then
from _testsuite.handshake.driving import Driver
from _testsuite.handshake.judging import Judged
from _testsuite.handshake.rights import ENDS, STAYS_HTTP, WAITS
from _testsuite.handshake.running import run
from _testsuite.handshake.tables import CASES
from _testsuite.handshake.writing import verdict_of
from _testsuite.results import Verdict
from tests.support.certificates import write_certificate
from tests.support.processes import RunningServer, running

JOBS = 24
"""Most of them wait for what should not come."""
Peer = Callable[[socket.socket], None]


def ran(driver: Driver, cases: list[str] | None = None) -> dict[str, Judged]:
    """What each case came to."""
    done = run(driver, cases or list(CASES), JOBS, lambda _case: None)
    return {each.case.id: each.judged for each in done}


def driver_of(server: RunningServer, path: str = "/echo") -> Driver:
    """What runs cases against one of ours."""
    return Driver(f"ws://{server.host}:{server.port}{path}")


def missed(judged: dict[str, Judged]) -> dict[str, str]:
    """The cases that did not pass, with what was done."""
    return {case: each.did for case, each in judged.items() if not verdict_of(each).passes}


def test_we_do_all_that_is_right(server: RunningServer) -> None:
    """Every case, strictly."""
    judged = ran(driver_of(server))
    assert missed(judged) == {}
    words = [verdict_of(each) for each in judged.values()]
    assert words.count(Verdict.INFORMATIONAL) == sum(
        case.level is Level.MAY for case in CASES.values()
    )


@pytest.mark.parametrize("options", [["--no-lane"], ["--no-compression"]], ids=["lane", "deflate"])
def test_we_do_it_without(options: list[str]) -> None:
    """What has a path of its own in it."""
    with running(*options) as server:
        assert missed(ran(driver_of(server))) == {}


def test_we_do_it_under_tls(tmp_path: Path) -> None:
    """With all that a TLS connection needs to end."""
    listen = f"ssl:0:interface=127.0.0.1:privateKey={write_certificate(tmp_path, 1)}"
    with running(listen=listen) as server:
        url = f"wss://{server.host}:{server.port}/echo"
        assert missed(ran(Driver(url))) == {}


def test_we_do_it_at_a_room_s_address(server: RunningServer) -> None:
    """A room echoes, too: what is said in it goes to everybody."""
    cases = ["1.1", "2.20", "4.1", "5.14", "8.1", "9.5", "11.4", "12.4"]
    assert missed(ran(driver_of(server, "/broadcast/handshakes"), cases)) == {}


@contextmanager
def serving(peer: Peer) -> Iterator[Driver]:
    """A server that gives each connection to a function, in a thread of its own."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=JOBS)

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=attend, args=(connection,), daemon=True).start()

    def attend(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            peer(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        port = listening.getsockname()[1]
        yield Driver(f"ws://127.0.0.1:{port}/", patience=1, moment=0.3)
    finally:
        # Closing alone does not wake who accepts.
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def head_of(connection: socket.socket) -> tuple[bytes, bytes]:
    """Read what looks like a head, and what came behind it."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65_536)
        if not piece:
            return received, b""
        received += piece
    head, _, rest = received.partition(b"\r\n\r\n")
    return head, rest


def agreeable(connection: socket.socket) -> None:
    """Open for whoever sends something, and send back each text."""
    head, rest = head_of(connection)
    keys = [line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:")]
    key = keys[0].partition(b":")[2].strip().decode("latin-1") if keys else ""
    answer = "HTTP/1.1 101 Sure\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    connection.sendall(f"{answer}Sec-WebSocket-Accept: {accept_of(key)}\r\n\r\n".encode())
    while True:
        while len(rest) >= 6 and len(rest) >= 6 + (rest[1] & 0x7F):
            length = rest[1] & 0x7F
            mask, payload = rest[2:6], rest[6 : 6 + length]
            plain = bytes(octet ^ mask[at % 4] for at, octet in enumerate(payload))
            connection.sendall(bytes((rest[0], length)) + plain)
            rest = rest[6 + length :]
        piece = connection.recv(65_536)
        if not piece:
            return
        rest += piece


def test_who_opens_for_everybody_misses_what_is_to_be_refused() -> None:
    """And takes all that is to be taken; but for what is said when."""
    with serving(agreeable) as driver:
        judged = ran(driver)
    for case in CASES.values():
        got, opens = judged[case.id].behavior, judged[case.id].short.endswith("101")
        if case.level is Level.TAKE:
            assert got is Verdict.OK, case
        if (
            case.right.words.startswith(("answers an error", "answers 4", STAYS_HTTP.words))
            and opens
        ):
            wanted = Verdict.FAILED if case.level is Level.MUST else Verdict.NON_STRICT
            assert got is (Verdict.OK if case.id == "10.4" else wanted), case
    assert sum(verdict_of(each) is Verdict.FAILED for each in judged.values()) > 40
    assert judged["1.1"].did == "opens"


def test_who_refuses_everybody_takes_nothing() -> None:
    """With an error that ends the connection, as it says."""

    def grumpy(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(b"HTTP/1.1 400 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass

    with serving(grumpy) as driver:
        judged = ran(driver)
    for case in CASES.values():
        if case.level is Level.TAKE:
            assert judged[case.id].behavior is Verdict.FAILED, case
    assert judged["2.2"].behavior is judged["12.4"].behavior is Verdict.OK
    assert judged["5.14"].behavior is Verdict.FAILED
    assert {each.closing for each in judged.values()} == {Verdict.OK}


def test_who_says_that_it_closes_and_does_not_is_told() -> None:
    """What is wrong is the closing alone."""

    def clinging(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(b"HTTP/1.1 400 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        while connection.recv(65_536):
            pass

    with serving(clinging) as driver:
        judged = ran(driver, ["2.2", "12.5"])
    assert {each.behavior for each in judged.values()} == {Verdict.OK}
    assert {each.closing for each in judged.values()} == {Verdict.FAILED}
    assert judged["2.2"].did == "answers 400, and leaves the connection open"


@pytest.mark.parametrize("ends", [True, False], ids=["ends", "is silent"])
def test_who_says_nothing_passes_next_to_nothing(ends: bool) -> None:
    """Each case is over soon all the same."""

    def mute(connection: socket.socket) -> None:
        if not ends:
            while connection.recv(65_536):
                pass

    with serving(mute) as driver:
        judged = ran(driver)
    passed = {case for case in CASES if verdict_of(judged[case]).passes}
    right = {
        case.id for case in CASES.values() if case.right is WAITS or (ends and case.right is ENDS)
    }
    allowed = {"11.4", "11.5", "2.13"} if ends else {"11.9"}
    assert passed - {"7.8"} <= right | allowed
    assert right <= passed


def test_who_loses_what_comes_with_the_request_is_told() -> None:
    """A bug of many servers: the first frame in the segment of the head."""

    def forgetful(connection: socket.socket) -> None:
        head, _lost = head_of(connection)
        key = head.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0].decode()
        answer = "HTTP/1.1 101 Sure\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        connection.sendall(f"{answer}Sec-WebSocket-Accept: {accept_of(key)}\r\n\r\n".encode())
        while connection.recv(65_536):
            pass

    with serving(forgetful) as driver:
        judged = ran(driver, ["11.4"])
    assert CASES["11.4"].then is Then.LISTEN
    assert judged["11.4"].behavior is Verdict.NON_STRICT
    assert judged["11.4"].did == "answers 101, but a message does not come back"


def test_a_server_that_is_gone_is_an_error() -> None:
    """And no verdict."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        ran(Driver(f"ws://127.0.0.1:{port}/"), ["1.1"])
    with socket.create_server(("127.0.0.1", 0)) as no_tls:
        port = no_tls.getsockname()[1]
        driver = Driver(f"wss://127.0.0.1:{port}/", patience=0.2)
        with pytest.raises((ssl.SSLError, TimeoutError)):
            ran(driver, ["1.1"])


def test_who_never_comes_to_an_end_is_left() -> None:
    """What comes octet by octet for ever is as much as no answer."""

    def endless(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(b"HTTP/1.1 400 No\r\nX: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    with serving(endless) as driver:
        judged = ran(driver, ["1.1", "2.5", "2.2"])
    assert {each.did for each in judged.values()} == {"does not answer"}
