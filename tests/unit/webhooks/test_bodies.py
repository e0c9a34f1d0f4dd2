# SPDX-License-Identifier: MIT
"""Bodies that are whole."""

from typing import Any

import pytest
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import UNKNOWN_LENGTH

from wsecho.webhooks.bodies import WholeBody, read_bounded


class Response:
    """An answer whose body somebody else sends."""

    def __init__(self, length: object = UNKNOWN_LENGTH) -> None:
        self.length = length
        self.reader: Any = None

    def deliverBody(self, reader: Any) -> None:
        """Take who reads it."""
        self.reader = reader


class Cut:
    """Counts how often the connection was cut."""

    times = 0

    def __call__(self) -> None:
        """Cut it."""
        self.times += 1


def test_a_body_is_sent_whole_and_at_once() -> None:
    """So that no request is ever half sent while its answer comes."""
    transport = StringTransport()
    body = WholeBody(b"{}")
    assert body.startProducing(transport).called
    assert (transport.value(), body.length) == (b"{}", 2)


@pytest.mark.parametrize("end", [ResponseDone(), PotentialDataLoss()], ids=repr)
def test_a_body_is_read_to_its_end(end: Exception) -> None:
    """The end of the connection may be what ends it."""
    response, cut = Response(), Cut()
    outcome = read_bounded(response, 4, cut)
    for part in (b"ab", b"cd"):
        response.reader.dataReceived(part)
    response.reader.connectionLost(Failure(end))
    assert (outcome.result, cut.times) == (b"abcd", 0)


def test_what_is_broken_off_fails() -> None:
    """Half of it is none."""
    response = Response()
    outcome = read_bounded(response, 4, Cut())
    response.reader.dataReceived(b"ab")
    response.reader.connectionLost(Failure(ResponseFailed([])))
    assert outcome.called
    failed: list[Failure] = []
    outcome.addErrback(failed.append)
    assert failed[0].check(ResponseFailed)


@pytest.mark.parametrize(("length", "parts"), [(5, []), (UNKNOWN_LENGTH, [b"abc", b"de"])])
def test_what_is_too_large_is_cut_once(length: object, parts: list[bytes]) -> None:
    """By its length or by what comes; whatever follows says nothing any more."""
    response, cut = Response(length), Cut()
    outcome = read_bounded(response, 4, cut)
    for part in [*parts, b"more"]:
        response.reader.dataReceived(part)
    response.reader.connectionLost(Failure(ResponseFailed([])))
    assert (outcome.result, cut.times) == (None, 1)


def test_who_waits_no_more_cuts_it() -> None:
    """It does not come to its end for nobody."""
    response, cut = Response(), Cut()
    outcome = read_bounded(response, 4, cut)
    outcome.addErrback(lambda _: None)
    outcome.cancel()
    response.reader.dataReceived(b"more than four")
    response.reader.connectionLost(Failure(ResponseDone()))
    assert cut.times == 1
