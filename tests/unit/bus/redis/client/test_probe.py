# SPDX-License-Identifier: MIT
"""Whether Redis will do, asked on a socket that blocks: here one that is none."""

import socket
import ssl
from typing import Any

import hiredis
import pytest

from tests.support.scripted_redis import Push, Refusal, ScriptedRedis, encode
from wsecho.bus.redis.client.address import RedisAddress
from wsecho.bus.redis.client.errors import RedisError
from wsecho.bus.redis.client.probe import probe

DIRECT = RedisAddress.parse("redis://h:9")
SERVER = b"redis_version:8.0.1\r\nrun_id:other\r\n"


class Socket:
    """A socket at which Redis answers, some octets at a time; `end` comes when it has no more."""

    def __init__(self, redis: ScriptedRedis, end: Any = b"", size: int = 1 << 16) -> None:
        self._redis = redis
        self._end = end
        self._size = size
        self._reader = hiredis.Reader()
        self._data = b""
        self.is_open = True

    def sendall(self, data: bytes) -> None:
        """Take commands."""
        self._reader.feed(data)
        while (words := self._reader.gets()) is not False:
            self._data += self._redis.answer(tuple(words)) or b""

    def recv(self, size: int) -> bytes:
        """Answer."""
        if not self._data:
            if isinstance(self._end, Exception):
                raise self._end
            return bytes(self._end)
        count = min(size, self._size)
        data, self._data = self._data[:count], self._data[count:]
        return data

    def close(self) -> None:
        """Be gone."""
        self.is_open = False


def meet(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> list[tuple[str, int]]:
    """Have each further connection find a socket, or an error; return where they led."""
    places, coming = [], list(answers)

    def create(place: tuple[str, int], _patience: float) -> Any:
        places.append(place)
        found = coming.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(socket, "create_connection", create)
    return places


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_redis_that_will_do(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """In whatever pieces it answers; the connection is let go."""
    line = Socket(ScriptedRedis(), size=size)
    assert meet(monkeypatch, line) == []
    assert probe(DIRECT, "p:").version == "7.0.15"
    assert not line.is_open


def test_what_is_told_between_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another may speak on the channel of the trial."""
    told = encode(Push([b"message", b"c", b"x"]))
    redis = ScriptedRedis(INFO=lambda _: bytearray(told + encode(SERVER)))
    meet(monkeypatch, Socket(redis))
    assert probe(DIRECT, "p:").run == "other"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (OSError(111, "Connection refused"), "cannot be reached: Connection refused"),
        (TimeoutError(), "cannot be reached: no answer in time"),
        (Socket(ScriptedRedis(INFO=bytearray())), "cannot be reached: it hung up"),
        (Socket(ScriptedRedis(INFO=bytearray(b"$99\r\nredis_ver"))), "it hung up"),
        (Socket(ScriptedRedis(INFO=bytearray()), TimeoutError()), "no answer in time"),
        (Socket(ScriptedRedis(INFO=bytearray()), OSError(104, "reset")), "reached: reset"),
        (Socket(ScriptedRedis(HELLO=bytearray(b"HTTP/1.1 400\r\n"))), "is no Redis"),
        (Socket(ScriptedRedis(HELLO=Refusal("LOADING data"))), "still reading its data"),
        (Socket(ScriptedRedis(EVAL=1, trial=Refusal("BUSY a script"))), "SCRIPT KILL"),
        (Socket(ScriptedRedis(SELECT=Refusal("ERR out of range"))), "no database 3"),
    ],
)
def test_why_it_will_not_do(monkeypatch: pytest.MonkeyPatch, found: Any, reason: str) -> None:
    """In one line; no connection is left."""
    meet(monkeypatch, found)
    with pytest.raises(RedisError, match=reason):
        probe(RedisAddress.parse("redis://h:9/3"), "p:")
    assert isinstance(found, Exception) or not found.is_open


def test_a_certificate_that_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is no matter of the network."""
    line = Socket(ScriptedRedis())

    class Context:
        def wrap_socket(self, _line: Socket, server_hostname: str) -> Socket:
            error = ssl.SSLCertVerificationError(f"for {server_hostname}")
            error.verify_message = "self-signed"
            raise error

    meet(monkeypatch, line)
    monkeypatch.setattr(ssl, "create_default_context", Context)
    with pytest.raises(RedisError, match="a certificate that does not hold: self-signed"):
        probe(RedisAddress.parse("rediss://h:9"), "p:")
    assert not line.is_open


def test_a_certificate_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is encrypted is spoken on."""
    plain, encrypted = Socket(ScriptedRedis()), Socket(ScriptedRedis())

    class Context:
        def wrap_socket(self, line: Socket, server_hostname: str) -> Socket:
            assert (line, server_hostname) == (plain, "h")
            return encrypted

    meet(monkeypatch, plain)
    monkeypatch.setattr(ssl, "create_default_context", Context)
    assert probe(RedisAddress.parse("rediss://h:9"), "p:").run == "run1"
    assert not encrypted.is_open


def test_sentinels_are_asked_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is no Redis at all is no end of it."""
    address = RedisAddress.parse("redis+sentinel://a:1,b:2,c:3/main")
    odd = Socket(ScriptedRedis(SENTINEL=bytearray(b"HTTP/1.1 400\r\n")))
    leads = Socket(ScriptedRedis(SENTINEL=[b"10.0.0.1", b"9"]))
    places = meet(monkeypatch, OSError(111, "refused"), odd, leads, Socket(ScriptedRedis()))
    assert probe(address, "p:").version == "7.0.15"
    assert places == [("a", 1), ("b", 2), ("c", 3), ("10.0.0.1", 9)]
    assert [odd.is_open, leads.is_open] == [False, False]


def test_a_unix_socket_that_is_not_there(tmp_path: Any) -> None:
    """It is named by the system."""
    with pytest.raises(RedisError, match="cannot be reached: No such file"):
        probe(RedisAddress(path=f"{tmp_path}/redis.sock"), "p:")


def test_a_unix_socket_at_which_nobody_speaks(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever listens there need not be a Redis."""
    monkeypatch.setattr("wsecho.bus.redis.client.probe.PATIENCE", 0.01)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{tmp_path}/s")
        listening.listen()
        with pytest.raises(RedisError, match="no answer in time"):
            probe(RedisAddress(path=f"{tmp_path}/s"), "p:")
