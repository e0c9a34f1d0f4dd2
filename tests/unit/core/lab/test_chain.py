# SPDX-License-Identifier: MIT
"""A path below `/lab`: read whole, or refused with the name of the step at fault."""

from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.lab.bench import chain_of
from wsecho.core.http.handshake import Query
from wsecho.core.lab.chain import (
    MAX_STEPS,
    Chain,
    check_report_id,
    ends_handshake,
    is_lab,
    read_chain,
    read_report_id,
)
from wsecho.core.lab.step_kind import Phase
from wsecho.core.lab.steps import STEPS
from wsecho.core.lab.values import Bounds
from wsecho.core.wire.errors import BadRequest


def names(chain: Chain) -> list[str]:
    """All steps, by name."""
    return [step.name for step in (*chain.answer, *chain.script)]


def test_a_chain_is_read() -> None:
    """In order; the first equals sign separates, and a percent-encoded slash is part of a value."""
    chain = chain_of("trickle=1ms/send=a%2Fb%3Dc=d/latency=2s/close")
    assert names(chain) == ["trickle", "send", "latency", "close"]
    assert chain.text == "trickle=1ms/send=a%2Fb%3Dc=d/latency=2s/close"
    assert [step.value for step in chain.script] == [b"a/b=c=d", 2.0, None]


def test_the_equals_sign_may_be_encoded() -> None:
    """A segment is decoded before it is taken apart."""
    assert chain_of("send%3Dhi").script == chain_of("send=hi").script


def test_the_lab_alone_has_no_steps() -> None:
    """It is an echo."""
    assert chain_of("") == Chain()


BAD = [
    ("foo", "'foo': there is no such step"),
    ("SEND=a", "'SEND=a': there is no such step"),
    ("=a", "'=a': there is no such step"),
    ("send", "'send': it needs a value: a text"),
    ("close=", "'close='"),
    ("fin=1", "'fin=1': it takes no value"),
    ("fin=", "'fin=': it takes no value"),
    ("wait=soon", "'wait=soon': that is no time; it takes a time such as 250ms"),
    ("wait=61s", "that is not 0s to 60s"),
    ("send-size=1TiB", "that is no size"),
    ("break=foo", "it takes masked or rsv1"),
    ("close=1005", "that is no code that may be sent"),
    ("status=302", "it takes 200, 204, or 400 to 599"),
    ("redirect=%2F%2Fevil", "it takes a path"),
    ("redirect=%2F%5Cevil", "it takes a path"),
    ("header=X-A%3Ab%0D%0AX-B%3Ac", "it takes NAME:VALUE"),
    ("protocol=a%0Ab", "it takes none, two, or a name"),
    ("extension=a%0Db", "it takes none, or visible ASCII"),
    # empty segments, bad percent-encoding
    ("send=a/", "step 2 of the lab is empty"),
    ("send=a//close", "step 2 of the lab is empty"),
    ("/send=a", "step 1 of the lab is empty"),
    ("send=%", "a % is followed by two hexadecimal digits"),
    ("send=%2", "a % is followed by"),
    ("send=%zz", "a % is followed by"),
    ("send=%ff", "no UTF-8"),
    ("send=%ed%a0%80", "no UTF-8"),
    # misplaced
    ("send=a/accept=bad", "step 2 of the lab, 'accept=bad': the steps of the handshake's answer"),
    ("json/header=A%3Ab", "step 2"),
    ("close/send=a", "step 2 of the lab, 'send=a': nothing follows"),
    ("fin/json", "step 2"),
    ("reset/again=2", "step 2"),
    ("cut/wait=1s", "step 2"),
    ("break=close-0/send=a", "step 2"),
    ("break=after-close/wait=1s", "step 2"),
    ("again=2", "step 1 of the lab, 'again=2': there is no action before it"),
    ("json/again=2", "step 2"),
    ("stall/echo=1", "step 2 of the lab, 'echo=1': nothing is read behind stall"),
    ("stall/wait=1s/read=1", "step 3"),
    ("echo=1/stall/again=2", "step 3 of the lab, 'again=2': nothing is read again behind stall"),
    ("glue", "step 1 of the lab, 'glue': the first action behind it must send"),
    ("glue/wait=1s/send=a", "step 1"),
    ("case=odd/glue/json", "step 2"),
    # twice, or against each other
    ("accept=bad/accept=none", "step 2 of the lab, 'accept=none': accept stands twice"),
    ("case=odd/trickle=1ms/case=odd", "step 3"),
    ("glue/trickle=1ms/send=a", "step 2 of the lab, 'trickle=1ms': glue and trickle"),
    ("trickle=1ms/glue/send=a", "step 2"),
    ("extension=none/deflate=no-context", "step 2"),
    ("chunked/length", "step 2"),
    ("break=rsv1/break=rsv2", "step 2 of the lab, 'break=rsv2': break stands once"),
    ("send=a/again=2/again=2", "step 3"),
    ("body=x", "step 1 of the lab, 'body=x': body needs status=N"),
    ("retry-after=1", "step 1"),
    ("status=204/body=x", "step 2 of the lab, 'body=x': a 204 has no body"),
    ("compress=off/break=deflate-final", "step 2"),
    # behind, or beside, what opens no WebSocket
    ("status=404/send=a", "step 2 of the lab, 'send=a': nothing follows 'status=404'"),
    ("redirect=%2F/json", "step 2"),
    ("version=9/close", "step 2"),
    ("hold/send=a", "step 2"),
    ("status=404/accept=bad", "step 2 of the lab, 'accept=bad': it does not go with 'status=404'"),
    ("status=404/hold", "step 2"),
    ("hold/version=9", "step 2"),
    ("redirect=%2F/redirect-308=%2F", "step 2"),
    ("redirect=%2F/status=404", "step 2"),
    ("version=9/body=x", "step 2"),
    # too much
    ("send-size=60000/again=100", "step 2 of the lab, 'again=100': the chain sends over"),
    ("/".join(["send=a"] * (MAX_STEPS + 1)), "the lab takes 64 steps, and these are 65"),
]


@pytest.mark.parametrize(("text", "complaint"), BAD, ids=[text[:40] for text, _ in BAD])
def test_what_is_refused(text: str, complaint: str) -> None:
    """Before anything is done, naming the step and what it takes."""
    with pytest.raises(BadRequest) as refused:
        chain_of(text) if text else read_chain("/lab/", Bounds(1, 1))
    assert complaint in refused.value.reason


@pytest.mark.parametrize(
    "text",
    [
        "status=503/retry-after=2/body=x/header=A%3Ab/case=odd/trickle=1ms/hold=1s/refuse=1",
        "redirect=%2F/header=A%3Ab/header=A%3Ac",
        "hold/header=A%3Ab",
        "latency=1s/stall/send=a/wait=1s",
        "glue/latency=1s/send=a",
        "send=a/again=3/wait=1s/close",
        "echo=3/stall",
        "compress=off/break=rsv1",
        "/".join(["send=a"] * MAX_STEPS),
    ],
)
def test_what_goes_together(text: str) -> None:
    """As the tables say."""
    assert chain_of(text).text == text


ANY_STEP = st.sampled_from([kind.example for kind in STEPS.values()])


@given(st.lists(ANY_STEP, min_size=1, max_size=8).map("/".join))
def test_any_chain_is_read_or_refused(text: str) -> None:
    """What is read has its answer first, and nothing behind its end."""
    try:
        chain = chain_of(text)
    except BadRequest:
        return
    assert all(step.kind.phase is Phase.ANSWER for step in chain.answer)
    assert all(step.kind.phase is not Phase.ANSWER for step in chain.script)
    assert not any(step.kind.ends for step in chain.script[:-1])
    assert not (chain.script and any(map(ends_handshake, chain.answer)))


@given(st.text(min_size=1, max_size=40).map(lambda text: quote(text, safe="=/%:;,")))
def test_anything_else_is_read_or_refused_too(text: str) -> None:
    """Never otherwise."""
    with suppress(BadRequest):
        assert chain_of(text).text


@pytest.mark.parametrize(
    ("path", "belongs"),
    [("/lab", True), ("/lab/", True), ("/lab/x", True), ("/labs", False), ("/", False)],
)
def test_which_paths_are_the_lab_s(path: str, belongs: bool) -> None:
    """Itself, and what is below it."""
    assert is_lab(path) is belongs


def test_the_name_of_a_report() -> None:
    """Is 16 to 64 characters, so that nobody finds another's by chance."""
    assert read_report_id(Query(())) is None
    assert read_report_id(Query((("report", "a-_Z" * 4),))) == "a-_Z" * 4
    for bad in ("", "a" * 15, "a" * 65, "a" * 15 + "/", "a" * 15 + "é"):
        with pytest.raises(BadRequest, match="16 to 64"):
            check_report_id(bad)
    with pytest.raises(BadRequest, match="2 times"):
        read_report_id(Query((("report", "a" * 16), ("report", "a" * 16))))


def test_what_a_client_is_judged_by() -> None:
    """The first fault; else the first thing that is to be taken; being refused, where it is."""
    judged = chain_of("trickle=1ms/accept=bad/upgrade=bad").judged(is_refused=False)
    assert judged is not None
    assert judged.text == "accept=bad"
    taken = chain_of("header=A%3Ab/case=odd").judged(is_refused=False)
    assert taken is not None
    assert taken.text == "header=A:b"
    refused = chain_of("refuse=2").judged(is_refused=True)
    assert refused is not None
    assert refused.name == "refuse"
    assert chain_of("refuse=2").judged(is_refused=False) is None
    assert chain_of("send=a").judged(is_refused=False) is None
