# SPDX-License-Identifier: MIT
"""WAMP with clients that others wrote: AutobahnJS, wampy, Autobahn|Python."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import websockets
from hypothesis import given
from hypothesis import strategies as st
from websockets.typing import Subprotocol

from tests.node import run_node
from tests.support.examples import few
from tests.support.processes import PATIENCE, RunningServer

ROOT = Path(__file__).parents[2]
SERIALIZERS = ["json", "msgpack", "cbor"]


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_autobahnjs_over_websocket(anywhere: RunningServer, serializer: str) -> None:
    """Its own `Connection`, with each of its serializers."""
    assert "ok" in run_node("wamp.mjs", anywhere.ws("/ws"), serializer)


def test_autobahnjs_over_longpoll(anywhere: RunningServer) -> None:
    """Its own `Connection` over its own long-poll."""
    assert "ok" in run_node("longpoll.mjs", anywhere.http("/lp"))


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_wampy(server: RunningServer, serializer: str) -> None:
    """With each of its serializers."""
    assert "ok" in run_node("wampy.mjs", server.ws("/ws"), serializer)


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_autobahn_python_over_websocket(server: RunningServer, serializer: str) -> None:
    """Its own components."""
    assert "ok" in run_component("websocket", server.ws("/ws"), serializer)


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_autobahn_python_over_rawsocket(server: RunningServer, serializer: str) -> None:
    """On the same port."""
    url = f"rs://{server.host}:{server.port}"
    assert "ok" in run_component("rawsocket", url, serializer)


def run_component(*arguments: str) -> str:
    """Run the components in a process of their own; returns what they printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.component", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@few()
@given(st.lists(st.tuples(st.booleans(), TEXTS), min_size=1, max_size=30))
def test_both_doors_of_a_room_hear_one_order(
    server: RunningServer, steps: list[tuple[bool, str]]
) -> None:
    """A raw WebSocket and a WAMP session that speak at once, over real sockets."""
    asyncio.run(speak_at_once(server, steps))


async def speak_at_once(server: RunningServer, steps: list[tuple[bool, str]]) -> None:
    """Say all of it without waiting, then compare what either heard."""
    wamp_protocol = Subprotocol("wamp.2.json")
    async with (
        websockets.connect(server.ws("/broadcast/both")) as raw,
        websockets.connect(server.ws("/ws"), subprotocols=[wamp_protocol]) as wamp,
    ):
        await wamp.send('[1,"realm1",{"roles":{"publisher":{},"subscriber":{}}}]')
        await wamp.recv()
        await wamp.send('[32,1,{},"wsecho.room.both"]')
        await wamp.recv()

        async def speak(*, over_wamp: bool) -> None:
            request = 1
            for is_wamp, text in steps:
                if is_wamp is over_wamp and over_wamp:
                    request += 1
                    options = {"exclude_me": False}
                    await wamp.send(json.dumps([16, request, options, "wsecho.room.both", [text]]))
                elif is_wamp is over_wamp:
                    await raw.send(text)

        async def hear(receive: Any) -> list[str | bytes]:
            return [await receive() for _ in steps]

        async with asyncio.timeout(PATIENCE):
            _, _, raw_heard, events = await asyncio.gather(
                speak(over_wamp=True), speak(over_wamp=False), hear(raw.recv), hear(wamp.recv)
            )
        messages = [json.loads(event) for event in events]
        assert [message[4][0] for message in messages] == raw_heard
        offsets = [int(message[5]["position"].split(":")[1]) for message in messages]
        assert offsets == list(range(offsets[0], offsets[0] + len(steps)))
        assert sorted(str(text) for text in raw_heard) == sorted(text for _, text in steps)
