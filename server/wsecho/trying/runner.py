# SPDX-License-Identifier: MIT
"""Runs a client's command, once for each case, against a lab."""

import signal
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from threading import Event
from typing import Any, Final

from attrs import define, evolve, field, frozen

from wsecho.core.lab.faults import Conduct
from wsecho.trying.cases import LabCase
from wsecho.trying.client_process import MUCH, ClientProcess
from wsecho.trying.judging import CaseOutcome, has_echo, has_verdict, is_over, judge
from wsecho.trying.lab_server import LAB_TIME, LabServer

PLACE: Final = "{url}"
"""Stands in a command for the address."""

_TICK: Final = 0.05


class StoppedError(Exception):
    """It was broken off."""


@frozen
class TryingTimes:
    """How long is waited, in seconds.

    Attributes:
        connection: for the client to connect.
        verdict: for a verdict, once it has.
        coming_back: for a client that was sent away to come again.
        echo: for messages that come back, once there is a verdict.
        exit: for a client that has failed to end.
        last: for the lab to hear of what a command did that has ended.
    """

    connection: float = 30.0
    verdict: float = LAB_TIME + 10.0
    coming_back: float = 15.0
    echo: float = 3.0
    exit: float = 3.0
    last: float = 0.5


@define(eq=False)
class ClientRunner:
    """Tries one client.

    Args:
        command: its words, with `{url}` in one of them.
        lab: what it connects to.
        times: how long is waited for it.
    """

    _command: Sequence[str]
    _lab: LabServer
    _times: TryingTimes = TryingTimes()
    _stopped: Event = field(factory=Event, init=False)

    def run(self, cases: Iterable[LabCase], jobs: int) -> Generator[CaseOutcome]:
        """Try each case, so many at the same time; yield what became of each, in their order.

        Whatever ends it, no command runs on.

        Raises:
            OSError: the command cannot be started.
            CannotTryError: the lab does not answer.
        """
        pool = ThreadPoolExecutor(jobs)
        try:
            yield from pool.map(self._try, cases)
        finally:
            self._stopped.set()
            pool.shutdown(cancel_futures=True)

    def _try(self, case: LabCase) -> CaseOutcome:
        name, begun = token_hex(16), time.monotonic()
        url = self._lab.url(case.chain, name)
        client = ClientProcess.start([word.replace(PLACE, url) for word in self._command])
        try:
            report = self._watch(case, client, name)
        finally:
            client.end()
        judged = judge(case, report)
        if report is None:
            judged = evolve(judged, did=f"{judged.did}{self._why_absent(client)}")
        return CaseOutcome(
            case,
            judged,
            exit=exit_word(client),
            memory=client.memory,
            seconds=time.monotonic() - begun,
            words=client.output.last.decode(errors="replace"),
            remarks=tuple(_remarks(client)),
            report=report,
        )

    def _watch(self, case: LabCase, client: ClientProcess, name: str) -> Mapping[str, Any] | None:
        """Wait until there is nothing more to see; return the report."""
        times = self._times
        report: Mapping[str, Any] | None = None

        def look(enough: Callable[[Mapping[str, Any]], bool]) -> bool:
            nonlocal report
            report = self._lab.report(name) or report
            return report is not None and enough(report)

        if not self._wait(client, times.connection, lambda: look(bool)):
            return None
        comes_back = case.expected.should is Conduct.COME_BACK
        most = times.coming_back if comes_back else times.verdict
        self._wait(client, most, lambda: look(has_verdict))
        self._wait(client, times.echo, lambda: look(lambda it: has_echo(case, it)))
        if look(is_over):
            # Whoever has failed has a word to say, and a status.
            self._wait(client, times.exit, lambda: not client.runs)
        return report

    def _wait(self, client: ClientProcess, most: float, is_enough: Callable[[], bool]) -> bool:
        """Wait for something, and hardly longer than the client runs; tell whether it came.

        Raises:
            StoppedError: all is broken off.
        """
        deadline, runs = time.monotonic() + most, True
        while not (found := is_enough()) and time.monotonic() < deadline:
            if self._stopped.wait(_TICK):
                raise StoppedError
            if runs and not client.runs:
                runs, deadline = False, time.monotonic() + self._times.last
        return found

    def _why_absent(self, client: ClientProcess) -> str:
        if client.was_ended or client.left:
            return f" within {self._times.connection:g} s"
        return f", and ended with {exit_word(client)}"


def exit_word(client: ClientProcess) -> str:
    """Say how a command ended: its status, the name of a signal, or that it was ended."""
    status = client.status
    if client.was_ended:
        return "ended"
    if status is not None and status < 0:
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"
    return str(status)


def _remarks(client: ClientProcess) -> Iterator[str]:
    if client.left:
        yield "left processes behind, which were ended"
    if client.output.octets > MUCH:
        yield f"wrote {client.output.octets >> 20} MiB"
