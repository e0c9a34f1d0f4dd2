# SPDX-License-Identifier: MIT
"""The addresses that tests are given, and what is asked of the server for them."""

import asyncio
import json
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.lab.chain import read_chain
from wsecho.core.lab.listing import list_lab
from wsecho.core.lab.values import Bounds
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.names import check_room, parse_room
from wsecho.testing import EchoServer

URL = "http://127.0.0.1:8080"
BOUNDS = Bounds(1 << 20, 60.0)
LIST = list_lab(BOUNDS)
REPORT = "A" * 32


@define
class Asked:
    """Answers what is asked, and keeps it."""

    status: int = HTTPStatus.OK
    answer: Any = field(factory=lambda: LIST)
    urls: list[str] = field(factory=list)

    def __call__(self, url: str, timeout: float) -> tuple[int, bytes]:
        """Answer."""
        assert timeout >= 30
        self.urls.append(url)
        return self.status, json.dumps(self.answer).encode()


def refusal(reason: str) -> dict[str, Any]:
    """An error as the server writes it."""
    return {"error": {"code": "…", "reason": reason}}


def test_the_echo_and_rooms_are_websockets() -> None:
    """At the address that the server has."""
    server = EchoServer(URL)
    assert server.url == URL
    assert server.echo == "ws://127.0.0.1:8080/echo"
    assert server.room("lobby") == "ws://127.0.0.1:8080/broadcast/lobby"


@given(st.text(min_size=1, max_size=20))
def test_any_name_of_a_room_is_one_segment(name: str) -> None:
    """Or is refused, as the server would."""
    url, why = None, ""
    try:
        url = EchoServer(URL).room(name)
    except ValueError as error:
        why = str(error)
    if url is None:
        with pytest.raises(BadRequest, match=re.escape(why)):
            check_room(name)
    else:
        assert parse_room(urlsplit(url).path.removeprefix("/broadcast/")) == name


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_can_be_sent_by_the_lab(text: str) -> None:
    """As it is written: who writes a test encodes nothing."""
    parts = urlsplit(EchoServer(URL, Asked()).lab(f"send={text}", "close=4000:a/b"))
    chain = read_chain(parts.path, BOUNDS)
    assert [step.value for step in chain.script] == [text.encode(), b"\x0f\xa0a/b"]


def test_each_url_of_the_lab_has_a_report_of_its_own() -> None:
    """And the server is asked for its limits once."""
    asked = Asked()
    server = EchoServer(URL, asked)
    one, other = server.lab(), server.lab()
    assert one.startswith("ws://127.0.0.1:8080/lab?report=")
    assert one != other
    assert asked.urls == [f"{URL}/lab"]


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (("delay=1s",), "step 1 of the lab, 'delay=1s': there is no such step"),
        (("send=a", "wait=61s"), "step 2 of the lab, 'wait=61s': that is not 0s to 60s"),
        (("",), "step 1 of the lab is empty"),
        (("close", "send=a"), "step 2 of the lab, 'send=a': nothing follows"),
    ],
    ids=["unknown", "bounds", "empty", "order"],
)
def test_a_wrong_chain_is_told_at_once(steps: tuple[str, ...], reason: str) -> None:
    """In place of a client that fails, as the test may want it to."""
    with pytest.raises(ValueError, match=reason.partition(":")[0]) as told:
        EchoServer(URL, Asked()).lab(*steps)
    assert str(told.value).startswith(reason)


@pytest.mark.parametrize("steps", [("send=" + "x" * 16_384,), ("send=" + "é" * 3_000,)])
def test_a_chain_too_long_for_a_request_is_told_at_once(steps: tuple[str, ...]) -> None:
    """By what it has once it is percent-encoded."""
    with pytest.raises(ValueError, match="a request line of over 16384 bytes"):
        EchoServer(URL, Asked()).lab(*steps)


def test_a_server_without_a_lab_says_so() -> None:
    """It was started with options that close it."""
    server = EchoServer(URL, Asked(HTTPStatus.NOT_FOUND, refusal("the lab is not open")))
    with pytest.raises(LookupError, match=r"^the lab is not open$"):
        server.lab("send=a")


def test_a_report_is_asked_for_by_its_url() -> None:
    """Whole seconds, which the server takes; rather longer than shorter."""
    asked = Asked(answer={"id": REPORT, "connections": []})
    server = EchoServer(URL, asked)
    url = f"ws://127.0.0.1:8080/lab/send=a?report={REPORT}"
    assert server.report(url)["id"] == REPORT
    assert server.report(url, wait=0.2)["id"] == REPORT
    assert asyncio.run(server.areport(url, wait=0))["id"] == REPORT
    paths = [f"{URL}/lab/report/{REPORT}?wait={wait}" for wait in (5, 1, 0)]
    assert asked.urls == paths


def test_there_is_no_report_where_nobody_came() -> None:
    """The URL is named, for a test may have several."""
    server = EchoServer(URL, Asked(HTTPStatus.NOT_FOUND, refusal("no connection came")))
    url = f"ws://127.0.0.1:8080/lab?report={REPORT}"
    with pytest.raises(LookupError) as told:
        server.report(url)
    assert str(told.value) == f"{url}: no connection came"


def test_a_wrong_report_is_told() -> None:
    """The URL is not the lab's, or the time is not the server's."""
    server = EchoServer(URL, Asked(HTTPStatus.BAD_REQUEST, refusal("wait is over 60")))
    with pytest.raises(ValueError, match="it names no report"):
        server.report(server.echo)
    with pytest.raises(ValueError, match="wait is over 60"):
        server.report(f"ws://127.0.0.1:8080/lab?report={REPORT}", wait=61)
