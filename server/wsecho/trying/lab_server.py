# SPDX-License-Identifier: MIT
"""A lab on a free port of loopback, as a process of its own, and the reports that it has."""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from attrs import frozen

from wsecho.testing.process import StartError, running

LAB_TIME: Final = 30.0
"""Seconds that a client has to give up where the lab does not answer."""

_PATIENCE: Final = 10.0
_FOUND: Final = 200


class CannotTryError(Exception):
    """Nothing can be tried: why."""


@frozen
class LabServer:
    """A lab that runs.

    Attributes:
        place: its host and port.
    """

    place: str

    def url(self, chain: str, report: str) -> str:
        """Return the address of a chain whose client is noted in a report."""
        return f"ws://{self.place}/lab/{chain}?report={report}"

    def report(self, name: str) -> Mapping[str, Any] | None:
        """Read a report as it is now; None where no connection of it came.

        Raises:
            CannotTryError: the lab does not answer.
        """
        # Not urllib, which may go by a proxy.
        connection = http.client.HTTPConnection(self.place, timeout=_PATIENCE)
        try:
            connection.request("GET", f"/lab/report/{name}")
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise CannotTryError(f"the lab does not answer: {error}") from None
        finally:
            connection.close()
        found: Mapping[str, Any] | None = json.loads(body) if answer.status == _FOUND else None
        return found


@contextmanager
def serving_lab() -> Iterator[LabServer]:
    """Have a lab that is there meanwhile, and ends however this process does.

    Raises:
        CannotTryError: it does not start.
    """
    try:
        with running("--lab", "--lab-time", f"{LAB_TIME:g}", "--no-connection-log") as address:
            yield LabServer(address.removeprefix("http://"))
    except StartError as error:
        last = str(error).splitlines()[-1]
        raise CannotTryError(f"the lab does not start: {last}") from None
