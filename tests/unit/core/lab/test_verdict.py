# SPDX-License-Identifier: MIT
"""What a client did about what it was sent, and whether that is right."""

from collections.abc import Callable

import pytest

from tests.unit.core.lab.bench import Bench, chain_of, upgrade_to
from wsecho.core.lab.faults import Conduct, Expectation, Level
from wsecho.core.lab.observer import PROBE
from wsecho.core.lab.verdict import PATIENCE, ClientVerdict, verdict_on

Act = Callable[[Bench], object]


def closes(code: int) -> Act:
    """Send a Close with a code, 0 for none, and end TCP."""

    def act(bench: Bench) -> None:
        bench.frame(0x88, code.to_bytes(2) if code else b"")
        bench.session.lost("fin", bench.now)

    return act


def ends(how: str) -> Act:
    """End TCP without a word."""
    return lambda bench: bench.session.lost(how, bench.now)


def says(text: str) -> Act:
    """Send a text."""
    return lambda bench: bench.text_comes(text)


def pongs(bench: Bench) -> None:
    """Answer the ping behind what it is judged by."""
    bench.frame(0x8A, PROBE)


def nothing(bench: Bench) -> None:
    """Wait for longer than a verdict takes."""
    bench.pass_time(PATIENCE + 0.1)


def no_more_time(bench: Bench) -> None:
    """Wait until the lab ends it."""
    bench.pass_time(60.0)
    bench.session.lost("open", bench.now)


BREAKS = "break=rsv1"
TAKES = "break=ping-in-fragments"

DID: list[tuple[str, list[Act], str, bool]] = [
    (BREAKS, [closes(1002)], "failed with 1002 after 0.0 ms", True),
    (BREAKS, [closes(1011)], "failed with 1011", True),
    (BREAKS, [closes(1000)], "closed with 1000", False),
    (BREAKS, [closes(1001)], "closed with 1001", False),
    ("break=close-1006", [closes(1002)], "failed with 1002", True),
    *(
        (f"break=close-{code}", [closes(code)], f"closed with {code}", False)
        for code in (999, 1004, 1005, 1006, 1015, 2999, 65535)
    ),
    (BREAKS, [closes(0)], "closed without a code", False),
    (BREAKS, [ends("fin")], "ended TCP (fin) without a Close", True),
    (BREAKS, [ends("reset")], "ended TCP (reset) without a Close", True),
    (BREAKS, [nothing], "did nothing for 3000.0 ms", False),
    (BREAKS, [says("x"), nothing], "took it: sent a text after 0.0 ms", False),
    (BREAKS, [says("x"), closes(1002)], "failed with 1002", True),
    (TAKES, [pongs], "took it, and answered the ping", True),
    (TAKES, [pongs, says("Hello"), closes(1000)], "took it, and answered the ping", True),
    (TAKES, [says("Hello"), pongs], "took it, and answered the ping", True),
    (TAKES, [pongs, says("Hell")], "sent back another message than came", False),
    (TAKES, [pongs, closes(1002)], "failed with 1002", False),
    (TAKES, [closes(1000)], "closed with 1000", False),
    (TAKES, [ends("fin")], "ended TCP (fin) before it answered the ping", False),
    (TAKES, [nothing], "did not answer the ping", False),
    (TAKES, [pongs, nothing, closes(1002)], "took it, and answered the ping", True),
    ("break=length-huge", [nothing], "waited", True),
    ("break=length-huge", [closes(1009)], "failed with 1009", True),
    ("break=after-close", [closes(1000)], "answered the Close with 1000, and ignored", True),
    ("break=after-close", [ends("fin")], "ended TCP (fin) without a Close", True),
    ("break=after-close", [closes(1002)], "failed with 1002", False),
    ("break=after-close", [says("x")], "sent a message behind a Close", False),
    ("break=after-close", [nothing], "answered no Close", False),
    ("accept=bad", [ends("fin")], "ended TCP (fin) without a Close", True),
    ("accept=bad", [pongs, nothing], "took it: answered the ping behind it", False),
    ("accept=bad", [says("x"), nothing], "took it: sent a text", False),
    ("accept=bad", [closes(1002)], "failed with 1002", True),
    ("accept=bad", [nothing], "did nothing", False),
    ("upgrade=case", [pongs], "took it, and answered the ping", True),
    ("status=404", [ends("fin")], "ended TCP (fin) without a Close", True),
    ("status=404", [says("x"), nothing], "took it: sent a text", False),
    ("redirect=%2F", [ends("fin")], "ended TCP (fin) without a Close", True),
    ("version=9", [ends("reset")], "ended TCP (reset) without a Close", True),
    ("redirect=%2F", [nothing], "did nothing for", True),
    ("redirect=%2F", [says("x"), ends("fin")], "took it for a WebSocket: sent a text", False),
    ("http=1.0", [pongs, nothing], "took it: answered the ping behind it", True),
    ("http=1.0", [closes(1000)], "closed with 1000", True),
    ("http=1.0", [ends("fin")], "ended TCP (fin) without a Close", True),
    ("hold", [ends("fin")], "gave up after 0.0 ms", True),
    ("hold", [no_more_time], "waited until the lab ended it, for 60000.0 ms", False),
    ("hold=1s", [nothing, pongs], "took it, and answered the ping", True),
]


@pytest.mark.parametrize(
    ("path", "acts", "did", "passed"),
    DID,
    ids=[f"{path}-{did}-{n}" for n, (path, _, did, _) in enumerate(DID)],
)
def test_what_a_client_did(path: str, acts: list[Act], did: str, passed: bool) -> None:
    """A sentence, and whether that is right."""
    bench = Bench(path).pass_time(0.1)
    # Judged from the moment that it went: before, it is not said how long it took.
    if bench.verdict is not None and bench.verdict.begun is not None and path != "hold":
        bench.verdict.begun = bench.now
    elif path == "hold":
        bench = Bench(path)
    for act in acts:
        act(bench)
    found, right = bench.did()
    assert found is not None
    assert found.startswith(did)
    assert right is passed


def test_nothing_is_known_of_what_was_not_sent() -> None:
    """Whoever goes away before has done nothing about it."""
    bench = Bench("wait=1s/break=rsv1")
    closes(1002)(bench)
    assert bench.did() == (None, None)


@pytest.mark.parametrize("end", ["fin", "reset", "cut"])
def test_nothing_is_known_of_who_was_cut_off(end: str) -> None:
    """What a client does once this server has ended TCP shows nothing."""
    bench = Bench(f"break=rsv1/{end}").pass_time(0.1)
    bench.session.lost("fin", bench.now)
    assert bench.did() == (None, None)
    late = Bench(f"break=rsv1/wait=5s/{end}").pass_time(6.0)
    late.session.lost("fin", late.now)
    assert late.did() == ("did nothing for 3000.0 ms", False)


def test_a_repeated_fault_is_judged_once() -> None:
    """From its first time on."""
    bench = Bench("break=rsv1/wait=1s/again=3").pass_time(PATIENCE + 1)
    assert bench.did() == ("did nothing for 3000.0 ms", False)


def test_who_is_sent_away_should_come_back() -> None:
    """Which somebody else sees."""
    bench = Bench("refuse=1", is_refused=True)
    ends("fin")(bench)
    assert bench.verdict is not None
    assert bench.did() == (None, None)
    bench.verdict.came_back(12.34, bench.now)
    assert bench.did() == ("came back after 12.3 ms", True)


def test_who_did_not_come_back() -> None:
    """Is not known to have: the report says so where its time is over."""
    verdict = ClientVerdict("refuse=1", Expectation(Conduct.COME_BACK, Level.SHOULD))
    verdict.begin(0.0)
    verdict.lost("fin", 1.0)
    assert (verdict.due, verdict.is_known) == (None, False)


@pytest.mark.parametrize(
    ("path", "rule", "level"),
    [
        ("", None, None),
        ("send=a/latency=1s", None, None),
        ("break=utf8", "utf8", "must"),
        ("accept=bad/break=utf8", "utf8", "must"),
        ("accept=twice", "accept=twice", "should"),
        ("trickle=1ms/accept=none", "accept=none", "must"),
        ("protocol=a", "protocol=a", "take"),
        ("protocol=b", "protocol=b", "must"),
        ("extension=x-y", "extension=x-y", "take"),
        ("extension=x-z", "extension=x-z", "must"),
        ("http=1.0", "http=1.0", "may"),
        ("refuse=1", None, None),
    ],
)
def test_what_it_is_judged_by(path: str, rule: str | None, level: str | None) -> None:
    """What was offered may be chosen, though a step says so."""
    upgrade = upgrade_to("/lab", Sec_WebSocket_Protocol="a", Sec_WebSocket_Extensions="x-y")
    verdict = verdict_on(chain_of(path), upgrade, is_refused=False)
    if rule is None:
        assert verdict is None
    else:
        assert verdict is not None
        assert (verdict.rule, str(verdict.expected.level)) == (rule, level)
