# SPDX-License-Identifier: MIT
"""How long is waited for what, with a client and a lab that are none."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from attrs import define, field

from tests.unit.trying.reports import case_of, connection, frame, report
from wsecho.trying.cases import LabCase
from wsecho.trying.client_process import MUCH, ClientProcess
from wsecho.trying.judging import CaseOutcome, Finding
from wsecho.trying.runner import ClientRunner, StoppedError, TryingTimes

TIMES = TryingTimes()


@define(eq=False)
class FakeOutput:
    """What a command wrote."""

    octets: int = 10
    last: bytes = b"its word\n"


@define(eq=False)
class FakeClient:
    """A command, which runs until a time."""

    world: "World"
    runs_until: float = 1e9
    left: bool = False
    status: int = 0
    was_ended: bool = False
    memory: int = 1 << 20
    output: FakeOutput = field(factory=FakeOutput)
    has_ended: bool = False

    @property
    def runs(self) -> bool:
        """Whether it does."""
        return self.world.now < self.runs_until

    def end(self) -> None:
        """End it."""
        self.was_ended = self.runs
        self.has_ended = True


@define(eq=False)
class World:
    """A clock that goes on as somebody waits, and what the report is at each time.

    Attributes:
        told: from which time on the report is which.
        words: those that were started.
    """

    told: Sequence[tuple[float, dict[str, Any]]] = ()
    now: float = 0.0
    stops_at: float = 1e9
    words: list[Sequence[str]] = field(factory=list)
    client: FakeClient = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.client = FakeClient(self)

    def url(self, chain: str, _: str) -> str:
        """Be the lab."""
        return f"ws://lab/{chain}"

    def report(self, _: str) -> dict[str, Any] | None:
        """Be the lab: what is known now."""
        return next((told for at, told in reversed(self.told) if self.now >= at), None)

    def wait(self, seconds: float) -> bool:
        """Be the event that says that all is broken off."""
        self.now += seconds
        return self.now >= self.stops_at

    def is_set(self) -> bool:
        """The same."""
        return self.now >= self.stops_at

    def set(self) -> None:
        """The same."""
        self.stops_at = self.now

    def try_case(self, name: str) -> CaseOutcome:
        """Try one case."""
        lab: Any = self
        tries = ClientRunner(["client", "--at={url}", "{url}/x"], lab)
        tries._stopped = lab
        return tries._try(case_of(name))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world in which nothing is started, and nobody sleeps."""
    world = World()

    def start(words: Sequence[str]) -> FakeClient:
        world.words.append(words)
        return world.client

    monkeypatch.setattr(ClientProcess, "start", start)
    monkeypatch.setattr("wsecho.trying.runner.time.monotonic", lambda: world.now)
    yield world
    assert world.client.has_ended


def test_a_client_is_ended_at_its_verdict(world: World) -> None:
    """And the address stands wherever the command has it."""
    world.told = [(1.0, report(connection())), (2.0, report(connection(passed=False)))]
    outcome = world.try_case("rsv1")
    assert world.words == [
        [
            "client",
            *(f"{begin}ws://lab/break=rsv1/read=1000000000{end}" for begin, end in END_PAIRS),
        ]
    ]
    assert (outcome.judged.finding, outcome.exit) == (Finding.MISSED, "ended")
    assert 2.0 <= world.now < 2.2
    assert (outcome.words, outcome.memory) == ("its word\n", 1 << 20)


END_PAIRS = [("--at=", ""), ("", "/x")]


def test_a_client_that_failed_may_end_by_itself(world: World) -> None:
    """For its status is its own then."""
    world.told = [(1.0, report(connection(passed=True, frames=[frame("close")])))]
    world.client.runs_until, world.client.status = 2.5, 3
    outcome = world.try_case("rsv1")
    assert (outcome.judged.finding, outcome.exit) == (Finding.PASSED, "3")
    assert world.now < 3.0


def test_a_client_that_failed_and_goes_on_is_ended(world: World) -> None:
    """Soon."""
    world.told = [(1.0, report(connection(passed=True, ended=True)))]
    assert world.try_case("rsv1").exit == "ended"
    assert 1.0 + TIMES.exit <= world.now < 1.5 + TIMES.exit


def test_a_client_that_takes_it_has_time_to_send_back_what_came(world: World) -> None:
    """All of it; what is wrong with it counts."""
    echo = connection(passed=False, level="take", frames=[frame(), frame()])
    world.told = [(1.0, report(connection(passed=True, level="take"))), (2.0, report(echo))]
    assert world.try_case("deflate-final").judged.finding is Finding.MISSED


def test_one_that_sends_nothing_back_is_not_waited_for_long(world: World) -> None:
    """It is enough that it took it."""
    world.told = [(1.0, report(connection(passed=True, level="take")))]
    assert world.try_case("deflate-final").judged.finding is Finding.PASSED
    assert 1.0 + TIMES.echo <= world.now < 1.5 + TIMES.echo


def test_one_that_never_connects(world: World) -> None:
    """It has its time, and is told of."""
    outcome = world.try_case("rsv1")
    assert outcome.judged.finding is Finding.ABSENT
    assert outcome.judged.did == "made no connection within 30 s"
    assert world.now < TIMES.connection + 1


def test_one_that_dies_at_once(world: World) -> None:
    """Hardly anything is waited for."""
    world.client.runs_until, world.client.status = 0.0, -11
    outcome = world.try_case("rsv1")
    assert outcome.judged.did == "made no connection, and ended with SIGSEGV"
    assert world.now < TIMES.last + 1


def test_one_that_dies_as_soon_as_it_has_connected(world: World) -> None:
    """What it did is known a moment later."""
    world.client.runs_until = 0.0
    world.told = [(0.3, report(connection(passed=True, ended=True)))]
    assert world.try_case("rsv1").judged.finding is Finding.PASSED


def test_one_without_a_verdict_is_not_waited_for_without_end(world: World) -> None:
    """Longer than the lab would take."""
    world.told = [(1.0, report(connection()))]
    assert world.try_case("rsv1").judged.finding is Finding.OPEN
    assert world.now > 40


def test_one_that_should_come_back(world: World) -> None:
    """It has less time than a lab's verdict."""
    world.told = [(1.0, report(connection(ended=True)))]
    outcome = world.try_case("refuse=1")
    assert outcome.judged.did == "did not come back"
    assert world.now < 1.0 + TIMES.coming_back + TIMES.echo + TIMES.exit + 1


def test_one_that_offers_nothing_is_let_go(world: World) -> None:
    """At once."""
    world.told = [(1.0, report(connection(status=400, judged=False, ended=True)))]
    world.client.runs_until = 1.5
    assert world.try_case("deflate-cut").judged.finding is Finding.UNTRIED
    assert world.now < 2.0


def test_what_is_broken_off_is_ended(world: World) -> None:
    """In the middle of whatever it waits for."""
    world.stops_at = 1.0
    with pytest.raises(StoppedError):
        world.try_case("rsv1")


def test_what_is_odd_is_remarked(world: World) -> None:
    """Who left others behind, and who wrote much."""
    world.told = [(0.0, report(connection(passed=True, ended=True)))]
    world.client.runs_until, world.client.left = 0.0, True
    world.client.output.octets = 3 * MUCH
    assert world.try_case("rsv1").remarks == (
        "left processes behind, which were ended",
        "wrote 3 MiB",
    )


def test_a_signal_without_a_name_is_a_number(world: World) -> None:
    """As those of real time are."""
    world.client.runs_until, world.client.status = 0.0, -40
    assert world.try_case("rsv1").exit == "signal 40"


def test_cases_come_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are tried at once; an error of one ends all."""
    lab: Any = World()

    def try_case(_: object, case: LabCase) -> str:
        if case.name == "rsv3":
            raise OSError
        return case.name

    monkeypatch.setattr(ClientRunner, "_try", try_case)
    tries = ClientRunner(["client", "{url}"], lab)
    cases = [case_of(name) for name in ("rsv2", "rsv1", "rsv3", "masked")]
    running: Any = tries.run(cases, 3)
    assert [next(running), next(running)] == ["rsv2", "rsv1"]
    with pytest.raises(OSError, match=r"^$"):
        next(running)
    assert tries._stopped.is_set()
