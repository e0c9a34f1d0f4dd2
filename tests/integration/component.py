# SPDX-License-Identifier: MIT
"""A client made of Autobahn|Python's own components, run as a process of its own.

    python -m tests.integration.component websocket ws://HOST:PORT/ws SERIALIZER
    python -m tests.integration.component rawsocket rs://HOST:PORT SERIALIZER

Two sessions talk to each other, the second at another URL where one follows; `ok` is printed where
all went as it should.
"""

import sys
import traceback
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
from autobahn.twisted.component import Component, run
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallOptions, PublishOptions, RegisterOptions, SubscribeOptions
from twisted.internet.defer import CancelledError, Deferred

BASE = f"com.example.component.{uuid.uuid4().hex}"
ACKNOWLEDGED = PublishOptions(acknowledge=True)


async def fails(uri: str, outcome: Any) -> None:
    """Wait for an error."""
    with pytest.raises(ApplicationError) as caught:
        await outcome
    assert caught.value.error == uri


async def publish_and_subscribe(one: Any, two: Any) -> None:
    """Exact and by prefix, positional and keyword payload."""
    got: list[Any] = []
    both: Deferred[None] = Deferred()

    def hear(kind: str, *args: Any, **kwargs: Any) -> None:
        got.append((kind, args, kwargs))
        if len(got) == 2:
            both.callback(None)

    exact = await one.subscribe(lambda *a, **k: hear("exact", *a, **k), f"{BASE}.topic")
    prefix = SubscribeOptions(match="prefix")
    await one.subscribe(lambda *a, **k: hear("prefix", *a, **k), BASE, options=prefix)
    publication = await two.publish(f"{BASE}.topic", 1, "two", three=b"3", options=ACKNOWLEDGED)
    assert publication.id > 0
    await both
    assert sorted(got) == [(kind, (1, "two"), {"three": b"3"}) for kind in ("exact", "prefix")]
    await exact.unsubscribe()


async def register_and_call(one: Any, two: Any) -> None:
    """With an error of the callee's, of the router's, and progress."""
    add = await one.register(lambda a, b: a + b, f"{BASE}.add")
    assert await two.call(f"{BASE}.add", 2, 3) == 5
    await fails("wamp.error.procedure_already_exists", two.register(lambda: None, f"{BASE}.add"))
    await add.unregister()
    await fails("wamp.error.no_such_procedure", two.call(f"{BASE}.add", 2, 3))

    def fail() -> None:
        raise ApplicationError("com.example.error", "no")

    await one.register(fail, f"{BASE}.fail")
    await fails("com.example.error", two.call(f"{BASE}.fail"))

    def count(number: int, details: Any) -> str:
        for step in range(number):
            details.progress(step)
        return "done"

    await one.register(count, f"{BASE}.count", options=RegisterOptions(details_arg="details"))
    steps: list[int] = []
    options = CallOptions(on_progress=steps.append)
    assert await two.call(f"{BASE}.count", 3, options=options) == "done"
    assert steps == [0, 1, 2]


async def cancel(one: Any, two: Any) -> None:
    """The callee is interrupted."""
    interrupted: Deferred[None] = Deferred()
    called: Deferred[None] = Deferred()

    def stop(answer: Deferred[None]) -> None:
        # Autobahn takes a CancelledError for a fault and ends the session.
        interrupted.callback(None)
        answer.callback(None)

    def never() -> Any:
        called.callback(None)
        return Deferred(stop)

    await one.register(never, f"{BASE}.never")
    call = two.call(f"{BASE}.never")
    await called
    call.cancel()
    with pytest.raises((ApplicationError, CancelledError)):
        await call
    await interrupted


async def room(one: Any, two: Any) -> None:
    """One argument, a key that makes a retry safe, Event History."""
    topic = f"wsecho.room.{BASE}"
    heard: list[Any] = []
    three: Deferred[None] = Deferred()

    def hear(payload: Any, position: str) -> None:
        heard.append((payload, position))
        if len(heard) == 3:
            three.callback(None)

    subscription = await one.subscribe(hear, topic)
    for number, payload in enumerate(["a", b"\0b", "c"]):
        for _ in range(2):
            await two.publish(topic, payload, key=f"key{number}", options=ACKNOWLEDGED)
    await three
    assert [payload for payload, _ in heard] == ["a", b"\0b", "c"]
    procedure = "wamp.subscription.get_events"
    result = await two.call(procedure, subscription.id, after_position=heard[0][1])
    assert [event["args"] for event in result.results] == [[b"\0b"], ["c"]]
    assert result.kwresults == {"position": heard[2][1], "recovered": True}
    await fails("wamp.error.invalid_argument", two.publish(topic, 1, options=ACKNOWLEDGED))
    assert await two.call("wsecho.echo", "héllo") == "héllo"


def transport(kind: str, url: str, serializer: str) -> dict[str, Any]:
    """What a component wants to know."""
    if kind == "websocket":
        return {"type": kind, "url": url, "serializers": [serializer]}
    parts = urlsplit(url)
    endpoint = {"type": "tcp", "host": parts.hostname, "port": parts.port}
    return {"type": kind, "url": url, "endpoint": endpoint, "serializer": serializer}


def main(kind: str, url: str, serializer: str, other: str | None = None) -> None:
    """Join with two components and let them talk."""
    components = [
        Component(transports=[transport(kind, each, serializer)], realm="realm1")
        for each in (url, other or url)
    ]
    sessions: list[Any] = []

    async def joined(session: Any, _details: Any) -> None:
        sessions.append(session)
        if len(sessions) < 2:
            return
        try:
            for talk in (publish_and_subscribe, register_and_call, cancel, room):
                await talk(*sessions)
            # Autobahn makes log events of what is printed.
            print("ok", file=sys.__stdout__, flush=True)
        except BaseException:
            traceback.print_exc(file=sys.__stdout__)
            raise
        finally:
            for each in sessions:
                each.leave()

    for component in components:
        component.on_join(joined)
    run(components, log_level="error")


if __name__ == "__main__":
    main(*sys.argv[1:])
