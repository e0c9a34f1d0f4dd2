# SPDX-License-Identifier: MIT
"""The answers of the handshake, octet by octet."""

import pytest

from tests.unit.core.lab.bench import ACCEPT, DEFLATE, chain_of, upgrade_to
from wsecho.core.lab.answer import LabAnswer, write_chain_refusal, write_lab_answer
from wsecho.core.websocket.deflate import choose
from wsecho.core.wire.errors import BadRequest

PLAIN = (
    "HTTP/1.1 101 Switching Protocols\r\nServer: wsecho\r\nUpgrade: WebSocket\r\n"
    f"Connection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
)
WRONG = "A" * 27 + "="


def answer_to(text: str, offers: str = "", protocols: str = "") -> LabAnswer:
    """What a chain answers to a client that offers this."""
    headers = {}
    if offers:
        headers["Sec_WebSocket_Extensions"] = offers
    if protocols:
        headers["Sec_WebSocket_Protocol"] = protocols
    upgrade = upgrade_to("/lab", **headers)
    first = next(iter(upgrade.subprotocols), None)
    return write_lab_answer(chain_of(text), upgrade, choose(upgrade.extensions), first)


ANSWERS = {
    "": PLAIN,
    "send=a/latency=1s": PLAIN,
    "hold=2s": PLAIN,
    "trickle=1ms": PLAIN,
    "glue/send=a": PLAIN,
    "refuse=1": PLAIN,
    "accept=bad": PLAIN.replace(ACCEPT, WRONG),
    "accept=none": PLAIN.replace(f"Sec-WebSocket-Accept: {ACCEPT}\r\n", ""),
    "accept=twice": PLAIN.replace(
        f"{ACCEPT}\r\n", f"{ACCEPT}\r\nSec-WebSocket-Accept: {WRONG}\r\n"
    ),
    "upgrade=none": PLAIN.replace("Upgrade: WebSocket\r\n", ""),
    "upgrade=bad": PLAIN.replace("WebSocket\r\n", "h2c\r\n", 1),
    "upgrade=case": PLAIN.replace("WebSocket\r\n", "wEbSoCkEt\r\n", 1),
    "connection=none": PLAIN.replace("Connection: Upgrade\r\n", ""),
    "connection=list": PLAIN.replace("Connection: Upgrade", "Connection: keep-alive, Upgrade"),
    "protocol=a.b": PLAIN.replace("Sec-W", "Sec-WebSocket-Protocol: a.b\r\nSec-W"),
    "protocol=none": PLAIN,
    "protocol=two": PLAIN.replace(
        "Sec-W", "Sec-WebSocket-Protocol: other.example\r\n" * 2 + "Sec-W"
    ),
    "extension=x-y%3B a=1": PLAIN[:-2] + "Sec-WebSocket-Extensions: x-y; a=1\r\n\r\n",
    "extension=none": PLAIN,
    "header=X-A%3Ab/header=X-A%3A c": PLAIN.replace("Sec-W", "X-A: b\r\nX-A: c\r\nSec-W"),
    "header-size=5": PLAIN.replace("Sec-W", "X-Lab-Padding: xxxxx\r\nSec-W"),
    "reason=none": PLAIN.replace("101 Switching Protocols", "101 "),
    "interim=103": "HTTP/1.1 103 Early Hints\r\nLink: </lab>; rel=help\r\n\r\n" + PLAIN,
    "http=1.0": PLAIN.replace("HTTP/1.1", "HTTP/1.0"),
    "chunked": PLAIN.replace("Sec-W", "Transfer-Encoding: chunked\r\nSec-W"),
    "length": PLAIN.replace("Sec-W", "Content-Length: 5\r\nSec-W"),
    "case=odd": (
        "HTTP/1.1 101 Switching Protocols\r\nsErVeR: wsecho\r\nuPgRaDe: WebSocket\r\n"
        f"cOnNeCtIoN: Upgrade\r\nsEc-wEbSoCkEt-aCcEpT: {ACCEPT}\r\n\r\n"
    ),
    "status=200": (
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    ),
    "status=204": (
        "HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    ),
    "status=599": (
        "HTTP/1.1 599 Unassigned\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    ),
    "status=401": (
        'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="lab"\r\n'
        "Content-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    ),
    "status=503/retry-after=2/body=%C3%A9/header=X-A%3Ab": (
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nX-A: b\r\n"
        "Content-Length: 2\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n\xc3\xa9"
    ),
    "redirect=%2Fecho": (
        "HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    ),
    "redirect-308=%2Fecho": (
        "HTTP/1.1 308 Permanent Redirect\r\nLocation: /echo\r\nContent-Length: 0\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    ),
    "version=9": (
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 9\r\n"
        "Content-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    ),
}


@pytest.mark.parametrize("text", ANSWERS)
def test_what_is_answered(text: str) -> None:
    """Octet by octet, where nothing is offered."""
    answer = answer_to(text.replace(" ", "%20"))
    assert answer.octets == ANSWERS[text].encode("latin-1")
    assert answer.opens == (answer.status == 101)
    assert f" {answer.status} ".encode() in answer.octets


PROTOCOLS = {
    "": ["a"],
    "protocol=none": [],
    "protocol=two": ["a", "b"],
    "protocol=b": ["b"],
    "protocol=c": ["c"],
}


@pytest.mark.parametrize("text", PROTOCOLS)
def test_which_subprotocol_is_chosen(text: str) -> None:
    """Of those that are offered the first, unless the chain says otherwise."""
    octets = answer_to(text, protocols="a, b").octets.decode()
    lines = [line for line in octets.split("\r\n") if line.startswith("Sec-WebSocket-Protocol")]
    assert lines == [f"Sec-WebSocket-Protocol: {name}" for name in PROTOCOLS[text]]


EXTENSIONS = {
    ("", DEFLATE): "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
    ("extension=none", DEFLATE): None,
    ("extension=x", DEFLATE): "x",
    ("break=rsv1", DEFLATE): None,
    ("break=deflate-unasked", DEFLATE): None,
    ("deflate=no-context", DEFLATE): (
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        "server_max_window_bits=12; client_max_window_bits=12"
    ),
    ("deflate=window=9", DEFLATE): (
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9"
    ),
    ("deflate=window=15", "permessage-deflate; server_max_window_bits=10"): (
        "permessage-deflate; server_max_window_bits=10"
    ),
    ("deflate=window=15", "permessage-deflate; client_max_window_bits=11"): (
        "permessage-deflate; server_max_window_bits=15; client_max_window_bits=11"
    ),
    ("deflate=no-context", ""): None,
    ("", "x-other"): None,
}


@pytest.mark.parametrize(("text", "offers"), EXTENSIONS)
def test_how_compression_is_accepted(text: str, offers: str) -> None:
    """Only where it was offered, and never with more than was (RFC 7692 section 7.1)."""
    octets = answer_to(text, offers).octets.decode()
    lines = [line for line in octets.split("\r\n") if line.startswith("Sec-WebSocket-Ext")]
    expected = EXTENSIONS[text, offers]
    assert lines == ([] if expected is None else [f"Sec-WebSocket-Extensions: {expected}"])


@pytest.mark.parametrize(
    ("text", "offers", "why"),
    [
        ("break=deflate-final", "", "the client does not offer it"),
        ("break=deflate-bomb", "x-other", "the client does not offer it"),
        ("extension=none/break=deflate-cut", DEFLATE, "the chain declines it"),
    ],
)
def test_what_needs_compression_is_refused_without(text: str, offers: str, why: str) -> None:
    """Naming the step."""
    with pytest.raises(BadRequest, match=f"break=deflate-.*{why}"):
        answer_to(text, offers)


def test_who_is_sent_away_is_told_when_to_come_back() -> None:
    """As RFC 9110 section 10.2.3 has it."""
    answer = write_chain_refusal(chain_of("refuse=1/case=odd"))
    assert answer.octets == (
        b"HTTP/1.1 503 Service Unavailable\r\nrEtRy-aFtEr: 1\r\ncOnTeNt-lEnGtH: 0\r\n"
        b"cAcHe-cOnTrOl: no-store\r\ncOnNeCtIoN: close\r\n\r\n"
    )
    assert not answer.opens
