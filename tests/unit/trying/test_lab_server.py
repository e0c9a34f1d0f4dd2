# SPDX-License-Identifier: MIT
"""The lab as another process, without one."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from attrs import define

from wsecho.testing.process import StartError
from wsecho.trying import lab_server
from wsecho.trying.lab_server import CannotTryError, LabServer, serving_lab


def test_a_lab_is_there_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what a trial needs; and it has ended then."""
    done: list[object] = []

    @contextmanager
    def running(*options: str) -> Iterator[str]:
        done.append(options)
        yield "http://127.0.0.1:4711"
        done.append("end")

    monkeypatch.setattr(lab_server, "running", running)
    with serving_lab() as lab:
        assert lab.url("break=rsv1", "r") == "ws://127.0.0.1:4711/lab/break=rsv1?report=r"
    assert done == [("--lab", "--lab-time", "30", "--no-connection-log"), "end"]


def test_one_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last that it said is told."""

    @contextmanager
    def running(*_: str) -> Iterator[str]:
        raise StartError("a line\nwsecho: no")
        yield ""

    monkeypatch.setattr(lab_server, "running", running)
    with (
        pytest.raises(CannotTryError, match=r"^the lab does not start: wsecho: no$"),
        serving_lab(),
    ):
        pass


@define
class FakeAnswer:
    """An answer of the lab's."""

    status: int
    body: bytes | Exception

    def request(self, method: str, target: str) -> None:
        """Ask."""
        assert (method, target) == ("GET", "/lab/report/r")

    def getresponse(self) -> "FakeAnswer":
        """Be answered."""
        return self

    def read(self) -> bytes:
        """Read it."""
        if isinstance(self.body, Exception):
            raise self.body
        return self.body

    def close(self) -> None:
        """Leave."""


@pytest.mark.parametrize(
    ("status", "body", "found"), [(200, b'{"a": 1}', {"a": 1}), (404, b'{"error": 1}', None)]
)
def test_a_report_is_read(
    monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, found: object
) -> None:
    """None where nobody came."""
    monkeypatch.setattr(http.client, "HTTPConnection", lambda *_, **__: FakeAnswer(status, body))
    assert LabServer("127.0.0.1:1").report("r") == found


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), http.client.BadStatusLine("x")])
def test_a_lab_that_is_gone_is_told_of(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """As one error."""
    monkeypatch.setattr(http.client, "HTTPConnection", lambda *_, **__: FakeAnswer(200, error))
    with pytest.raises(CannotTryError, match=r"^the lab does not answer: "):
        LabServer("127.0.0.1:1").report("r")
