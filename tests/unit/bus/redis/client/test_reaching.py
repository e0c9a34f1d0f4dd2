# SPDX-License-Identifier: MIT
"""The way to a Redis that will do, for whatever makes the connections."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred

from tests.support.scripted_redis import INFO, told
from wsecho.bus.redis.client.address import RedisAddress
from wsecho.bus.redis.client.errors import LateError, LostError, RedisError, RedisRefusedError
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.client.reaching import Place, describe_error, reach

SENTINELS = RedisAddress.parse("redis+sentinel://s1:1,s2:2,s3:3/main")


@define(eq=False)
class Peer:
    """A connection that answers by a table; what is an exception is raised."""

    place: Place
    answers: dict[str, Any]
    is_cut: bool = False

    async def ask(self, *words: bytes | str) -> Any:
        """Answer."""
        answer = self.answers.get(str(words[0]), b"OK")
        if isinstance(answer, Deferred):
            answer = await answer
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def cut(self) -> None:
        """Be gone."""
        self.is_cut = True


@define(eq=False)
class World:
    """Who is reached where: a table of answers by port, or the error of connecting."""

    servers: dict[int, Any]
    made: list[Peer] = field(factory=list)

    async def connect(self, place: Place) -> Peer:
        """Make a connection."""
        server = self.servers[place[1] if place else 0]
        if isinstance(server, Exception):
            raise server
        self.made.append(Peer(place, server))
        return self.made[-1]

    def reach(self, address: RedisAddress) -> Deferred[Any]:
        """Reach Redis."""
        return Deferred.fromCoroutine(reach(address, "me", Keys("p:", 0), self.connect))


FINE = {"INFO": INFO}
LEADS = {"SENTINEL": [b"10.0.0.1", b"9"]}
KNOWS_NOT = {"SENTINEL": None}


@pytest.mark.parametrize(
    ("url", "place"), [("redis://h:9", ("h", 9)), ("unix:///r", None), ("redis://:p@h:9", ("h", 9))]
)
def test_redis_is_reached_where_it_is(url: str, place: Place) -> None:
    """And is not let go."""
    world = World({9: FINE, 0: FINE})
    [(peer, server)] = told(world.reach(RedisAddress.parse(url)))
    assert (peer.place, server.version, peer.is_cut) == (place, "7.0.15", False)


@pytest.mark.parametrize(
    "first",
    [
        OSError(111, "refused"),
        TimeoutError(),
        KNOWS_NOT,
        {"SENTINEL": RedisRefusedError("NOAUTH no")},
        {"SENTINEL": LostError()},
        {"SENTINEL": LateError()},
        {"SENTINEL": ValueError("not the port of a sentinel")},
        {"SENTINEL": [b"only a host"]},
    ],
)
def test_the_next_sentinel_may_know(first: Any) -> None:
    """Whatever is wrong with one; each is let go, and only the master is kept."""
    world = World({1: first, 2: LEADS, 9: FINE})
    [(peer, _)] = told(world.reach(SENTINELS))
    assert peer.place == ("10.0.0.1", 9)
    assert [each.is_cut for each in world.made] == [True] * (len(world.made) - 1) + [False]
    assert 3 not in {each.place and each.place[1] for each in world.made}


def test_where_none_knows_each_is_told_of() -> None:
    """And it may be over in a moment."""
    servers = {1: OSError(111, "refused"), 2: KNOWS_NOT, 3: {"SENTINEL": LateError()}}
    [error] = told(World(servers).reach(SENTINELS))
    assert isinstance(error, RedisError)
    assert error.passes
    assert str(error) == (
        "no sentinel leads to main: s1:1 refused, s2:2 knows no master main, s3:3 no answer in time"
    )


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        ({"INFO": LostError()}, LostError),
        ({"INFO": RedisRefusedError("NOPERM no")}, RedisError),
        ({"HELLO": RedisRefusedError("LOADING data")}, RedisError),
        (OSError("nobody"), OSError),
    ],
)
def test_who_will_not_do_is_let_go(server: Any, kind: type[Exception]) -> None:
    """The reason is the caller's."""
    world = World({9: server})
    [error] = told(world.reach(RedisAddress.parse("redis://h:9")))
    assert isinstance(error, kind)
    assert all(each.is_cut for each in world.made)


@pytest.mark.parametrize("servers", [{1: "wait", 2: LEADS, 9: FINE}, {1: LEADS, 9: "wait"}])
def test_who_wants_it_no_more_has_nothing_more_tried(servers: dict[int, Any]) -> None:
    """Neither the next sentinel nor the master, and no connection is left."""
    waiting: Callable[[], dict[str, Any]] = lambda: {"SENTINEL": Deferred(), "HELLO": Deferred()}  # noqa: E731
    world = World({port: waiting() if each == "wait" else each for port, each in servers.items()})
    reaching = world.reach(SENTINELS)
    outcome = told(reaching)
    count = len(world.made)
    reaching.cancel()
    assert isinstance(outcome[0], CancelledError)
    assert len(world.made) == count
    assert all(each.is_cut for each in world.made)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no answer in time"),
        (LateError(), "no answer in time"),
        (LostError(), "it hung up"),
        (OSError(111, "Connection refused"), "Connection refused"),
        (ValueError("odd"), "odd"),
        (ValueError(), "ValueError"),
    ],
)
def test_it_is_said_why(error: Exception, words: str) -> None:
    """Never with nothing."""
    assert describe_error(error) == words
