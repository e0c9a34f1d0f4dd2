# SPDX-License-Identifier: MIT
"""Two databases of one Redis: nothing that is said over the one is heard over the other."""

from uuid import uuid4

import pytest_twisted

from tests.support.buses import Member, Node, known, redis_node, until
from tests.support.redis_server import RedisServer
from wsecho.core.rooms.leases import Claim

asynchronous = pytest_twisted.ensureDeferred


async def use_all(node: Node, others: str, word: str) -> list[bytes]:
    """Say something on each kind of channel; what is heard of the kinds that are no rooms."""
    heard: list[bytes] = []
    bus = node.bus
    bus.listen("wamp:realm", heard.append)
    await node.join(Member())
    await known(bus.follow_rooms(all_rooms=True))
    await node.say(word)
    await node.say(word, "elsewhere")
    bus.broadcast("wamp:realm", f"{word} told".encode())
    await known(bus.announce("wamp:realm", f"{word} announced".encode()))
    await known(bus.broadcast_logged("wamp:realm", f"{word} logged".encode(), "kept"))
    assert await known(bus.send_to(bus.node, "wamp:realm", f"{word} sent".encode()))
    assert not await known(bus.send_to(others, "wamp:realm", b"sent to nobody"))
    # Held there, it can be held here too.
    await known(bus.claim(Claim("place", "me", "single", is_shared=False), lambda: None))
    await known(bus.catch_up())
    return heard


@asynchronous  # type: ignore[untyped-decorator]  # it has no annotations
async def test_databases_hear_nothing_of_each_other(redis: RedisServer) -> None:
    """Rooms, patterns, subjects, logs, what is sent to one and what is kept, at the same prefix."""
    prefix = f"{uuid4().hex}:"
    nodes = [redis_node(f"{redis.url}/{number}", prefix=prefix) for number in (0, 1)]
    heard: list[list[bytes]] = []
    for number, node in enumerate(nodes):
        heard.append(await use_all(node, nodes[1 - number].bus.node, str(number)))
    for node in nodes:
        await known(node.bus.catch_up())
    kinds = ("told", "announced", "logged", "sent")
    for number, node in enumerate(nodes):
        assert heard[number] == [f"{number} {kind}".encode() for kind in kinds]
        assert node.texts() == node.texts("elsewhere") == [str(number)]
        assert await known(node.bus.kept("wamp:realm")) == {"kept": f"{number} logged".encode()}
        assert await known(node.bus.counts()) == {"a": 1, "elsewhere": 0}
    # Redis itself says that nothing is listened to by both.
    for node in nodes:
        node.bus.check_health()
    channels = redis.ask("PUBSUB", "CHANNELS", f"{prefix}*")
    assert len(channels) == len(set(channels)) == 10
    counted = redis.ask("PUBSUB", "NUMSUB", *map(bytes.decode, channels))
    assert set(counted[1::2]) == {1}
    for node in nodes:
        node.bus.stop()
    await until(lambda: redis.ask("PUBSUB", "CHANNELS", f"{prefix}*") == [])
