# SPDX-License-Identifier: MIT
"""The client for threads against real servers."""

import re
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.support.processes import PATIENCE, Process, RunningServer, running
from tests.support.proxies import free_port
from tests.support.tokens import key_file, token
from tests.support.waiting import wait_until
from wsecho.client import Position, publish
from wsecho.client.errors import Closed, Gap, TooLarge, Unauthorized
from wsecho.client.sync import Room, connect

ROOMS: Final = 20
MESSAGES: Final = 50


def test_it_reads_and_writes(server: RunningServer) -> None:
    """In order, with places; and comes back to where it was."""
    url = server.ws("/broadcast/threads")
    with connect(url, presence=True) as room:
        assert [member.id for member in room.members] == [room.member]
        said = [room.publish(data) for data in ("héllo", b"\0\xff", "last")]
        got = [next(room) for _ in said]
        assert [message.data for message in got] == ["héllo", b"\0\xff", "last"]
        assert [message.position for message in got] == said
        assert room.position == said[-1]
        with pytest.raises(TooLarge):
            room.publish("x" * 20_000_000)
    with connect(url, after=said[0]) as room:
        assert [next(room).data, next(room).data] == [b"\0\xff", "last"]
    with pytest.raises(Closed):
        room.publish("late")


def test_rooms_in_threads(server: RunningServer) -> None:
    """Each in a thread of its own, all at once: each gets what is its own."""

    def talk(number: int) -> list[object]:
        with connect(server.ws(f"/broadcast/thread-{number}")) as room:
            for text in range(MESSAGES):
                room.publish(f"{number}-{text}")
            return [next(room).data for _ in range(MESSAGES)]

    with ThreadPoolExecutor(ROOMS) as pool:
        for number, read in enumerate(pool.map(talk, range(ROOMS))):
            assert read == [f"{number}-{text}" for text in range(MESSAGES)]
    wait_until(lambda: not rooms_of_threads())


def rooms_of_threads() -> list[threading.Thread]:
    """The threads that rooms have."""
    return [thread for thread in threading.enumerate() if thread.name == "wsecho-room"]


def test_one_room_in_threads(server: RunningServer) -> None:
    """Who reads is not held up by who writes, and is let go by who leaves."""
    url = server.ws("/broadcast/shared")
    with connect(url) as room, ThreadPoolExecutor(4) as pool:
        reading = pool.submit(lambda: [message.data for message in room])
        writing = [pool.submit(say_all, room, number) for number in range(3)]
        last = max(each.result(PATIENCE).offset for each in writing)
        wait_until(lambda: room.position.offset == last)
        room.close()
        assert len(reading.result(PATIENCE)) == 3 * MESSAGES


def say_all(room: Room, number: int) -> Position:
    """Say many messages, and return the place of the last."""
    return [room.publish(f"{number}-{text}") for text in range(MESSAGES)][-1]


def test_over_a_restart() -> None:
    """A server without Redis forgets its rooms: the gap is told once, and it goes on."""
    listen = f"tcp:{free_port()}:interface=127.0.0.1"
    with running(listen=listen) as server:
        url = server.ws("/broadcast/a")
        with connect(url) as room:
            room.publish("before")
            assert next(room).data == "before"
            server.process.signal(signal.SIGKILL)
            server.process.wait()
            with running(listen=listen):
                assert room.publish("afterwards").offset == 1
                with pytest.raises(Gap):
                    next(room)
                assert next(room).data == "afterwards"


def test_tokens_of_a_function(tmp_path: Path) -> None:
    """It is asked in a thread, as often as one is needed."""
    asked: list[str] = []

    def fetch() -> str:
        asked.append(threading.current_thread().name)
        return token()

    with running("--token-key", str(key_file(tmp_path))) as server:
        url = server.ws("/broadcast/a")
        with pytest.raises(Unauthorized), connect(url):
            pass
        with connect(url, token=fetch) as room:
            assert room.publish("x").offset == 1
    assert asked == ["wsecho-token"]


PROGRAM: Final = """
import sys
from wsecho.client.sync import connect

with connect(sys.argv[1], history=1) as room:
    try:
        for message in room:
            print("got", message.data, flush=True)
    except KeyboardInterrupt:
        print("broken off behind", room.position.offset, flush=True)
    print("then", next(room).data, room.position.offset, flush=True)
    next(room)
"""


def test_ctrl_c(server: RunningServer) -> None:
    """Ends a wait at once, and loses nothing; a second one ends the program."""
    url = server.http("/broadcast/interrupted")
    publish(url, "first")
    process = Process.start(sys.executable, "-c", PROGRAM, server.ws("/broadcast/interrupted"))
    try:
        process.wait_for(re.compile("got first"))
        process.signal(signal.SIGINT)
        process.wait_for(re.compile("broken off behind 1"))
        publish(url, "second")
        process.wait_for(re.compile("then second 2"))
        process.signal(signal.SIGINT)
        assert process.wait() != 0
        assert process.output.rstrip().endswith("KeyboardInterrupt")
    finally:
        process.end()
