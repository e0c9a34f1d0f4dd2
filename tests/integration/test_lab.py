# SPDX-License-Identifier: MIT
"""The lab over real sockets: each step, each rule, real clients, and many who go away."""

import asyncio
import html
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.request import urlopen

import aiohttp
import httpx
import pytest
import requests
import websockets

from tests.support.certificates import unverified, write_certificate
from tests.support.lab import (
    DEFLATE,
    BareClient,
    descriptors,
    go_away,
    handshake,
    report_of,
    resident,
    target_of,
)
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.waiting import settled
from tests.unit.core.lab.bench import BOUNDS
from tests.unit.core.lab.test_answer import ANSWERS
from tests.unit.core.lab.test_session import SENT
from wsecho.core.lab.faults import Conduct, Level
from wsecho.core.lab.observer import PROBE
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.step_kind import Phase
from wsecho.core.lab.steps import STEPS

SIZE = ("--max-message-size", str(BOUNDS.message))
PING = b"\x89\x03" + PROBE


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningServer]:
    """A server whose largest message is that of the tables."""
    with running(*SIZE) as server:
        yield server


# -- each step


@pytest.mark.parametrize("chain", [chain for chain in ANSWERS if not chain.startswith("refuse")])
def test_each_answer(lab: RunningServer, chain: str) -> None:
    """Octet by octet, over a socket."""
    expected = ANSWERS[chain].encode("latin-1")
    with BareClient.to(lab, chain.replace(" ", "%20")) as client:
        assert client.read(len(expected))[: len(expected)] == expected


@pytest.mark.parametrize("chain", [chain for chain in SENT if chain not in {"head", "reset"}])
def test_each_action_and_mode(lab: RunningServer, chain: str) -> None:
    """What is sent behind the answer, octet by octet."""
    with BareClient.to(lab, chain) as client:
        assert client.frames(len(SENT[chain]))[: len(SENT[chain])] == SENT[chain]


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.deflates])
def test_each_rule_of_compression(lab: RunningServer, name: str) -> None:
    """What is sent behind the answer, where the client offers it."""
    octets = RULES[name].compose(BOUNDS.message)
    with BareClient.to(lab, f"break={name}", offers=DEFLATE) as client:
        assert client.frames(len(octets))[: len(octets)] == octets


def test_every_step_is_tried() -> None:
    """By the tables above, or by one of the tests below."""
    tried = {part.partition("=")[0] for chain in (*ANSWERS, *SENT) for part in chain.split("/")}
    below = {
        *("latency", "jitter", "rate", "split", "ping-every", "no-pong", "no-close", "keep-tcp"),
        *("stall", "compress", "echo", "read", "deflate"),
    }
    assert STEPS.keys() - tried - below == set()
    source = Path(__file__).read_text()
    assert [name for name in below if f'"{name}' not in source.split("def test_every", 1)[1]] == []


def test_the_head_is_told(lab: RunningServer) -> None:
    """With the target, the headers as they were written, and no secrets: see `test_masking`."""
    with BareClient.to(lab, "head", protocols="a,wsecho.token.abc") as client:
        length = int.from_bytes(client.frames(4)[2:4])
        told = json.loads(client.frames(4 + length)[4:])
    assert told["target"].startswith("/lab/head?report=")
    assert ["Sec-WebSocket-Protocol", "a, wsecho.token.…"] in told["headers"]
    assert (told["tls"], told["subprotocol"], told["extensions"]) == (False, "a", "")


def test_the_first_frame_comes_with_the_answer(lab: RunningServer) -> None:
    """In what is read at once."""
    with BareClient.to(lab, "glue/send=a") as client:
        assert client.socket.recv(1 << 16).endswith(b"\r\n\r\n\x81\x01a")


def test_a_held_answer_is_given_up(lab: RunningServer) -> None:
    """By the client; the report says so."""
    with BareClient.to(lab, "hold") as client:
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.close()
        assert client.told()["verdict"]["did"].startswith("gave up after ")


def test_refuse_counts(lab: RunningServer) -> None:
    """The first ones of a report are sent away; that they came back is told."""
    name = token_hex(16)
    statuses = []
    for _ in range(3):
        with socket.create_connection((lab.host, lab.port), PATIENCE) as sock:
            sock.sendall(handshake(f"/lab/refuse=2/close?report={name}"))
            statuses.append(sock.recv(1 << 16).split(b" ")[1])
    assert statuses == [b"503", b"503", b"101"]
    found = report_of(lab, name)["connections"]
    assert [one["verdict"] and one["verdict"]["passed"] for one in found] == [True, True, None]


MODES = {
    "latency=50ms": [(0x81, b"a", b"\x81\x01a"), (0x89, b"p", b"\x8a\x01p")],
    "jitter=10ms": [(0x81, b"a", b"\x81\x01a"), (0x82, b"b", b"\x82\x01b")],
    "rate=1000": [(0x82, b"x" * 100, b"\x82\x64" + b"x" * 100)],
    "split=1": [(0x82, b"xyz", b"\x82\x03xyz")],
    "fragment=1": [(0x82, b"xyz", b"\x02\x01x\x00\x01y\x80\x01z")],
    "json/read=1": [(0x81, b"a", b""), (0x89, b"", b"\x8a\x00")],
    "echo=1/read=1": [(0x81, b"a", b"\x81\x01a"), (0x81, b"b", b""), (0x81, b"c", b"\x81\x01c")],
    "no-pong": [(0x89, b"p", b""), (0x81, b"a", b"\x81\x01a")],
    "no-close": [(0x81, b"a", b"\x81\x01a"), (0x88, b"", b"")],
    "keep-tcp": [(0x88, b"\x03\xe8", b"\x88\x02\x03\xe8")],
    "ping-every=20ms/no-pong": [(0x81, b"a", b"\x81\x01a")],
    "loss=1": [(0x81, b"a", b""), (0x89, b"", b"\x8a\x00")],
    "duplicate=1": [(0x81, b"a", b"\x81\x01a" * 2)],
    "reorder": [(0x81, b"a", b""), (0x81, b"b", b"\x81\x01b\x81\x01a")],
}


@pytest.mark.parametrize("chain", MODES)
def test_modes_hold_in_the_echo(lab: RunningServer, chain: str) -> None:
    """Frames come in, and these go out."""
    with BareClient.to(lab, chain) as client:
        expected = b""
        for first, payload, answer in MODES[chain]:
            client.frames(0)
            client.send(first, payload)
            expected += answer
            if chain.startswith("ping-every"):
                assert b"\x89\x011" in client.frames(20)
            else:
                assert client.frames(len(expected)) == expected
        client.socket.settimeout(0.1)
        with suppress(TimeoutError):
            assert client.socket.recv(100) == b"" or chain.startswith("ping-every")


def test_split_frames_come_in_segments_of_their_own(lab: RunningServer) -> None:
    """Each read has one octet, where the reader is quick: most do."""
    with BareClient.to(lab, "split=1/send=" + "x" * 50) as client:
        client.head()
        pieces: list[int] = []
        while sum(pieces) < 52:
            pieces.append(len(client.socket.recv(100)))
    assert len(pieces) > 10


def test_compress_off(lab: RunningServer) -> None:
    """What was agreed on is used until there."""
    with BareClient.to(lab, "send=hello/compress=off/send=hello", offers=DEFLATE) as client:
        assert client.frames(9)[0] == 0xC1
        assert client.frames(16).endswith(b"\x81\x05hello")


def test_deflate_parameters(lab: RunningServer) -> None:
    """As the chain has them."""
    with BareClient.to(lab, "deflate=window=9", offers=DEFLATE) as client:
        assert b"; server_max_window_bits=9; client_max_window_bits=9\r\n" in client.head()


def test_fin_reset_and_cut(lab: RunningServer) -> None:
    """A half-close drains, a reset is one, a cut has half a frame."""
    with BareClient.to(lab, "send=a/fin") as client:
        assert client.to_end() == b"\x81\x01a"
        client.send(0x81, b"drained")
        client.socket.close()
        told = client.told()
        assert told["ended"]["by"] == "server"
        assert [frame["text"] for frame in told["frames"]] == ["drained"]
    with BareClient.to(lab, "reset") as client, pytest.raises(ConnectionResetError):
        client.to_end()
    with BareClient.to(lab, "cut") as client:
        assert client.to_end() == b"\x81\x11cut in t"


def test_stall_reads_nothing_and_notices_a_hang_up(lab: RunningServer) -> None:
    """Though octets stand before it, which nobody reads."""
    with BareClient.to(lab, "stall") as client:
        client.head()
        client.socket.sendall(b"x" * 65536)
        client.socket.shutdown(socket.SHUT_WR)
        told = client.told()
        assert (told["frames"], told["ended"]["by"]) == ([], "client")
        assert told["ended"]["tcp"] in {"fin", "reset"}


def test_the_close_is_answered_behind_the_answers(lab: RunningServer) -> None:
    """Which wait for an action."""
    with BareClient.to(lab, "wait=200ms") as client:
        client.send(0x81, b"a")
        client.send(0x88, b"\x0f\xa0bye")
        assert client.to_end() == b"\x81\x01a\x88\x05\x0f\xa0bye"
        client.socket.close()
        ended = client.told()["ended"]
        assert (ended["by"], ended["code"], ended["reason"]) == ("client", 4000, "bye")


def test_the_time_of_a_connection() -> None:
    """Is over, and told; whoever does not hear it is cut."""
    with running("--lab-time", "1") as server, BareClient.to(server, "") as client:
        assert client.to_end() == b"\x88\x12\x03\xe8lab time is over"
        with suppress(ConnectionResetError):
            while client.socket.recv(100):
                pass
        ended = client.told()["ended"]
        assert ended["by"] == "time"


def test_bad_input_is_400(lab: RunningServer) -> None:
    """Before the upgrade, naming the step."""
    for chain in ("foo", "send=a/accept=bad", "send=%zz", "send=a//", "header=A%3Ab%0D%0AC%3Ad"):
        with BareClient.to(lab, chain) as client:
            client.head()
            assert client.received.startswith(b"HTTP/1.1 400 ")
            assert b"step " in client.read(len(client.head()) + 10)


def test_wrong_frames_are_told_of(lab: RunningServer) -> None:
    """And end the connection as they should."""
    with BareClient.to(lab, "") as client:
        client.head()
        client.socket.sendall(b"\x81\x01a")
        assert client.to_end()[2:4] == b"\x03\xea"
        client.socket.close()
        assert client.told()["wrong"][0]["what"] == "a frame that is not masked"


@pytest.mark.parametrize(
    "chain", ["send=a/close", "split=1/send=a/close", "send=a/fin", "glue/send=a/fin"]
)
def test_it_works_over_tls(chain: str, tmp_path: Path) -> None:
    """The same octets, and their end."""
    path = write_certificate(tmp_path, 1)
    endpoint = f"ssl:0:privateKey={path}:certKey={path}:interface=127.0.0.1"
    with running(listen=endpoint) as server:
        plain = socket.create_connection((server.host, server.port), PATIENCE)
        with unverified().wrap_socket(plain) as sock:
            sock.sendall(handshake(f"/lab/{chain}"))
            received = b""
            wanted = b"\r\n\r\n\x81\x01a" + (b"\x88\x00" if chain.endswith("close") else b"")
            while not received.endswith(wanted):
                received += sock.recv(100)
            if chain.endswith("fin"):
                assert sock.recv(100) == b""


def test_it_is_told_of_tls(tmp_path: Path) -> None:
    """By the step `head`."""
    path = write_certificate(tmp_path, 1)
    endpoint = f"ssl:0:privateKey={path}:certKey={path}:interface=127.0.0.1"
    with running(listen=endpoint) as server:
        url = f"wss://{server.host}:{server.port}/lab/head"

        async def go() -> Any:
            async with websockets.connect(url, ssl=unverified(), proxy=None) as connection:
                return json.loads(await connection.recv())

        assert asyncio.run(go())["tls"] is True


def test_it_works_over_a_unix_socket(tmp_path: Path) -> None:
    """With stall, whose hang-up is noticed; it needs --lab, as such a socket may be anybody's."""
    path = tmp_path / "lab.sock"
    with (
        running("--lab", "--listen", f"unix:{path}") as server,
        socket.socket(socket.AF_UNIX) as sock,
    ):
        sock.settimeout(PATIENCE)
        sock.connect(str(path))
        report = token_hex(16)
        sock.sendall(handshake(f"/lab/split=1/send=a/stall?report={report}"))
        received = b""
        while not received.endswith(b"\r\n\r\n\x81\x01a"):
            received += sock.recv(100)
        sock.sendall(b"x" * 1000)
        sock.close()
        assert report_of(server, report)["connections"][0]["ended"]["by"] == "client"


# -- real clients


async def with_websockets(url: str) -> None:
    """Connect with websockets, echo for a while, and say goodbye."""
    with suppress(websockets.WebSocketException, OSError, EOFError):
        async with websockets.connect(url, max_size=1000, proxy=None) as connection:
            with suppress(asyncio.TimeoutError):
                async with asyncio.timeout(1):
                    async for message in connection:
                        await connection.send(message)


async def with_aiohttp(url: str) -> None:
    """Connect with aiohttp, echo for a while, and say goodbye."""
    with suppress(aiohttp.ClientError, OSError):
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, compress=15, max_msg_size=1000) as connection,
        ):
            with suppress(asyncio.TimeoutError):
                async with asyncio.timeout(1):
                    await echo_with_aiohttp(connection)


async def echo_with_aiohttp(connection: aiohttp.ClientWebSocketResponse) -> None:
    """Send back what comes."""
    async for message in connection:
        if message.type is aiohttp.WSMsgType.TEXT:
            await connection.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await connection.send_bytes(message.data)


CLIENTS = {"websockets": with_websockets, "aiohttp": with_aiohttp}

MISSES = {
    # What websockets 17.4 and aiohttp 3.14 let pass though they must not, or do not take.
    "websockets": {"deflate-final"},
    "aiohttp": {"masked", "deflate-control"},
}


@pytest.mark.parametrize("client", CLIENTS)
def test_each_rule_with_a_real_client(lab: RunningServer, client: str) -> None:
    """Each has its verdict; what must be failed is, and what is legal is taken, but for a few."""
    names = {rule: token_hex(16) for rule in RULES}

    async def go() -> None:
        limit = asyncio.Semaphore(8)

        async def one(rule: str) -> None:
            async with limit:
                await CLIENTS[client](lab.ws(f"/lab/break={rule}?report={names[rule]}"))

        await asyncio.gather(*map(one, RULES))

    asyncio.run(go())
    verdicts = {
        rule: report_of(lab, name)["connections"][0]["verdict"] for rule, name in names.items()
    }
    assert [rule for rule, verdict in verdicts.items() if verdict["did"] is None] == []
    failed = {rule: verdict["did"] for rule, verdict in verdicts.items() if not verdict["passed"]}
    print(client, failed)
    strict = {rule for rule in failed if RULES[rule].expected.level in {Level.MUST, Level.TAKE}}
    assert strict <= MISSES[client]


FAULTS = [
    f"{kind.name}={value}"
    for kind in STEPS.values()
    for value, expected in kind.expected.items()
    if value and value != kind.name and kind.phase is Phase.ANSWER
    if expected.should in {Conduct.FAIL, Conduct.TAKE} and value != "none"
] + ["accept=bad", "accept=none", "upgrade=none", "upgrade=bad", "connection=none", "status=404"]


@pytest.mark.parametrize("client", CLIENTS)
def test_faults_of_the_handshake_with_a_real_client(lab: RunningServer, client: str) -> None:
    """Each has its verdict, and a fault that must be seen is."""
    names = {fault: token_hex(16) for fault in FAULTS}

    async def go() -> None:
        for fault in FAULTS:
            await CLIENTS[client](
                lab.ws(
                    f"/lab/{fault}/wait=100ms/close?report={names[fault]}"
                    if not fault.startswith("status")
                    else f"/lab/{fault}?report={names[fault]}"
                )
            )

    asyncio.run(go())
    for fault, name in names.items():
        verdict = report_of(lab, name)["connections"][0]["verdict"]
        assert verdict["did"] is not None, fault
        if verdict["level"] == "must":
            assert verdict["passed"], (fault, verdict)


# -- many who go away


NUMBER = 40


def test_many_open_each_step_and_go_away() -> None:
    """Memory, descriptors and time are bounded; the echo works all the while."""
    with running(*SIZE, "--lab-time", "5") as server:
        go_away(server, "/lab", NUMBER)
        files, memory = descriptors(server), resident(server)
        for name in STEPS:
            go_away(server, target_of(name), NUMBER)
        with BareClient.to(server, "") as client:
            client.send(0x81, b"alive")
            assert client.frames(7) == b"\x81\x05alive"
        assert asyncio.run(settled(lambda: descriptors(server) <= files, True))
        assert resident(server) - memory < 60 << 20


# -- the list


LIST_FOR_PEOPLE = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    # Chromium's.
    (
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
        "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
    ),
)


def test_the_list_is_json_for_curl_and_for_programs(server: RunningServer) -> None:
    """With the headers that each sends by itself."""
    url = server.http("/lab")
    said = subprocess.run(["curl", "-sSf", url], capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == requests.get(url, timeout=PATIENCE).json()
    assert json.loads(said) == httpx.get(url).json()
    with urlopen(url, timeout=PATIENCE) as answer:
        assert json.load(answer)["steps"]


@pytest.mark.parametrize("accept", LIST_FOR_PEOPLE, ids=["firefox", "chromium"])
def test_the_list_is_a_page_for_browsers(server: RunningServer, accept: str) -> None:
    """That shows the same steps."""
    url = server.http("/lab")
    curl = ["curl", "-sSfi", "-H", f"Accept: {accept}", url]
    said = subprocess.run(curl, capture_output=True, text=True, check=True).stdout
    assert "content-type: text/html; charset=utf-8" in said.lower()
    for step in requests.get(url, timeout=PATIENCE).json()["steps"]:
        example = step["example"].removeprefix("/lab/")
        assert f"<code>{html.escape(example)}</code>" in said
