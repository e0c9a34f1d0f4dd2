# SPDX-License-Identifier: MIT
"""Making connections with the reactor: which endpoint, and what is done with what will not do."""

from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError as RefusedError
from twisted.internet.interfaces import IReactorPluggableNameResolver
from zope.interface import implementer

from tests.support.scripted_redis import ADDRESS, WAIT, Refusal, ScriptedLine, ScriptedRedis, told
from wsecho.bus.redis.client.address import RedisAddress
from wsecho.bus.redis.client.dialing import Dialer
from wsecho.bus.redis.client.errors import LateError, LostError, RedisError
from wsecho.bus.redis.client.keys import Keys


@implementer(IReactorPluggableNameResolver)
class Network(ScriptedRedis):
    """A Redis that is reached by TCP, whatever it is called."""

    def __init__(self, **answers: Any) -> None:
        super().__init__(**answers)
        self.places: list[tuple[str, int]] = []
        self.name = ""
        self.nameResolver = self

    def installNameResolver(self, resolver: Any) -> Any:
        """Nobody needs another."""

    def resolveHostName(self, receiver: Any, name: str, portNumber: int, **_: Any) -> Any:
        """Find one address."""
        self.name = name
        receiver.resolutionBegan(self)
        receiver.addressResolved(IPv4Address("TCP", "192.0.2.1", portNumber))
        receiver.resolutionComplete()
        return receiver

    def connectTCP(self, _host: str, port: int, factory: Any, **_: Any) -> None:
        """Connect."""
        self.places.append((self.name, port))
        self.connectUNIX("", factory)


def dial(redis: ScriptedRedis, address: RedisAddress = ADDRESS) -> tuple[Deferred[Any], list[Any]]:
    """Dial; note what is lost."""
    lost: list[Any] = []
    dialer = Dialer(address, "me", redis, 2.0, lambda _: None, Keys("p:", address.database))
    return Deferred.fromCoroutine(dialer.dial(lambda _: None, lost.append)), lost


@pytest.mark.parametrize("url", ["unix:///redis", "redis://me:secret@redis.example/0"])
def test_it_connects_and_greets(url: str) -> None:
    """By whatever way; the connection stands then."""
    redis = Network()
    dialed, lost = dial(redis, RedisAddress.parse(url))
    got = told(dialed)
    redis.settle()
    [(connection, server)] = got
    assert (connection.is_open, server.version, lost) == (True, "7.0.15", [])
    assert redis.take()[0][:2] == ("HELLO", "3")
    assert redis.places == ([] if url.startswith("unix") else [("redis.example", 6379)])


def test_with_tls_it_begins_with_a_client_hello(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent in clear."""
    redis = Network()
    sent: list[bytes] = []
    monkeypatch.setattr(ScriptedLine, "write", lambda _, data: sent.append(data))
    dialed, _ = dial(redis, RedisAddress.parse("rediss://me:secret@redis.example"))
    told(dialed)
    redis.settle()
    assert sent[0][:1] == b"\x16"
    assert b"secret" not in b"".join(sent)


def test_sentinels_lead_to_the_master() -> None:
    """Their connections are let go."""
    redis = Network(SENTINEL=[b"master.example", b"7"])
    redis.next("SENTINEL", None)
    dialed, lost = dial(redis, RedisAddress.parse("redis+sentinel://a:1,b:2,c:3/main"))
    got = told(dialed)
    redis.settle()
    [(connection, _)] = got
    assert redis.places == [("a", 1), ("b", 2), ("master.example", 7)]
    assert [line.is_open for line in redis.lines] == [False, False, True]
    assert (len(lost), connection.is_open) == (2, True)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"HELLO": Refusal("LOADING data")}, RedisError),
        ({"EVAL": 1, "trial": Refusal("READONLY no")}, RedisError),
        ({"SUBSCRIBE": Refusal("NOPERM no")}, RedisError),
        ({"HELLO": bytearray(b"HTTP/1.1 400\r\n")}, LostError),
        ({"INFO": WAIT}, LateError),
    ],
)
def test_what_will_not_do_is_let_go(answers: dict[str, Any], kind: type[Exception]) -> None:
    """And whoever dials is told why."""
    redis = ScriptedRedis(**answers)
    dialed, lost = dial(redis)
    got = told(dialed)
    redis.advance(3)
    assert isinstance(got[0], kind)
    assert len(lost) == 1
    assert not redis.line.is_open


def test_nobody_is_there() -> None:
    """Twisted's own error says so."""
    redis = ScriptedRedis()
    redis.refuses = True
    dialed, lost = dial(redis)
    got = told(dialed)
    redis.settle()
    assert isinstance(got[0], RefusedError)
    assert lost == []


def test_what_is_given_up_is_let_go() -> None:
    """In the middle of the greeting."""
    redis = ScriptedRedis(INFO=WAIT)
    dialed, _ = dial(redis)
    got = told(dialed)
    redis.settle()
    dialed.cancel()
    redis.settle()
    assert isinstance(got[0], CancelledError)
    assert not redis.line.is_open
