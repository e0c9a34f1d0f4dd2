# SPDX-License-Identifier: MIT
"""Pages of other origins: which answers they may read, refusals among them."""

import pytest

from wsecho.access.proxies import Sender
from wsecho.core.http.origins import Origins
from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import Forbidden
from wsecho.doors.gate import OpenGate
from wsecho.doors.http.origins import origin_headers, readable_headers

GATE = OpenGate(Origins(("https://*.example.org",)))
PEER = "192.0.2.1:5000"
PAGE = "https://a.example.org"


def head(target: str, **fields: str) -> RequestHead:
    """A request from a page, or from nobody's."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return RequestHead("GET", target, "1.1", (("host", "localhost"), *pairs))


def test_the_answer_names_the_origin_and_never_all() -> None:
    """AutobahnJS sends credentials, with which `*` does not count."""
    sender = Sender(PEER, "localhost")
    assert dict(origin_headers(head("/lp/open", origin=PAGE), GATE, sender)) == {
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Allow-Credentials": "true",
    }
    assert origin_headers(head("/lp/open"), GATE, sender) == []
    with pytest.raises(Forbidden):
        origin_headers(head("/lp/open", origin="https://elsewhere.example"), GATE, sender)


@pytest.mark.parametrize(
    ("target", "is_shared"),
    [
        *(("/broadcast", True), ("/broadcast/a?b", True), ("/broadcast?after=e:1", True)),
        *(("/lp/open", True), ("http://localhost/lp/x/events", True)),
        *(("/broadcasts", False), ("/lpx", False), ("/metrics", False), ("/", False), ("*", False)),
    ],
)
def test_a_refusal_can_be_read_where_the_answer_could(target: str, *, is_shared: bool) -> None:
    """By an allowed page; nobody else gets more than the refusal."""
    names = [name for name, _ in readable_headers(head(target, origin=PAGE), GATE, PEER)]
    assert ("Access-Control-Allow-Origin" in names, "Vary" in names) == (is_shared, is_shared)
    assert readable_headers(head(target, origin="https://elsewhere.example"), GATE, PEER) == []


def test_what_stands_twice_names_no_origin() -> None:
    """So no page may read the answer."""
    twice = RequestHead("GET", "/lp/open", "1.1", (("origin", PAGE), ("origin", PAGE)))
    assert readable_headers(twice, GATE, PEER) == []
