# SPDX-License-Identifier: MIT
"""The programs in docs/examples are started, used, killed and started again."""

import ast
import base64
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import requests
from httpx_sse import connect_sse
from standardwebhooks.webhooks import Webhook
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as sync_connect
from websockets.typing import Subprotocol

from tests.support.documents import DOCS
from tests.support.processes import PATIENCE, Process, RunningServer, running
from tests.support.proxies import free_port
from tests.support.recipes import DJANGO, EXAMPLES, FLASK, backend
from tests.support.redis_server import redis_server
from tests.support.tokens import ED, key_file, token
from tests.support.uvicorn import uvicorn
from tests.support.waiting import wait_until
from wsecho.client import publish
from wsecho.client.sync import connect

KILLS: Final = 5
ORDERS: Final = 100
"""Between one kill and the next."""


def address(room: dict[str, str]) -> str:
    """The address of a room that a page was told of."""
    return f"{room['server']}/broadcast/{room['room']}"


@contextmanager
def heard(room: dict[str, str], origin: str) -> Iterator[Iterator[Any]]:
    """What a page of an origin hears in a room that it was told of."""
    url = f"{address(room)}?history=50&token={room['token']}"
    with (
        httpx.Client(headers={"Origin": origin}, timeout=PATIENCE) as client,
        connect_sse(client, "GET", url) as stream,
    ):
        yield (
            json.loads(event.data)["data"]
            for event in stream.iter_sse()
            if event.event == "message"
        )


def test_flask(tmp_path: Path) -> None:
    """One logs in, listens by a token that is for nothing else, and speaks through a view."""
    with backend(tmp_path, *FLASK) as (origin, _), requests.Session() as ann:
        assert "<h1>Chat</h1>" in ann.get(origin, timeout=PATIENCE).text
        assert ann.get(f"{origin}/room", timeout=PATIENCE).status_code == 401
        ann.post(f"{origin}/login", {"name": "ann"}, timeout=PATIENCE).raise_for_status()
        room = ann.get(f"{origin}/room", timeout=PATIENCE).json()
        with heard(room, origin) as messages:
            said = ann.post(f"{origin}/say", {"text": "hello"}, timeout=PATIENCE)
            assert said.json()["position"].endswith(":1")
            assert next(messages) == "ann: hello"
        assert ann.post(f"{origin}/say", {"text": "darn"}, timeout=PATIENCE).status_code == 400
        shown = {"Authorization": f"Bearer {room['token']}"}
        assert requests.post(address(room), "x", headers=shown, timeout=PATIENCE).status_code == 403


def test_django(tmp_path: Path) -> None:
    """A customer hears of an order, once, however often it is shipped; nobody else does."""
    with backend(tmp_path, *DJANGO) as (origin, server), requests.Session() as ann:
        assert "<h1>Your orders</h1>" in ann.get(origin, timeout=PATIENCE).text
        assert ann.get(f"{origin}/room", timeout=PATIENCE).status_code == 401
        csrf = {"X-CSRFToken": ann.cookies["csrftoken"]}
        assert requests.post(f"{origin}/ship/7/17", timeout=PATIENCE).status_code == 403
        for path, data in (("login", {"customer": "7"}), ("ship/7/17", {}), ("ship/7/17", {})):
            done = ann.post(f"{origin}/{path}", data, headers=csrf, timeout=PATIENCE)
            done.raise_for_status()
        ann.post(f"{origin}/ship/7/18", headers=csrf, timeout=PATIENCE).raise_for_status()
        room = ann.get(f"{origin}/room", timeout=PATIENCE).json()
        with heard(room, origin) as messages:
            told = [json.loads(next(messages)) for _ in range(2)]
        assert told == [{"order": 17, "state": "shipped"}, {"order": 18, "state": "shipped"}]
        other = server.http("/broadcast/customer-8")
        shown = {"Authorization": f"Bearer {room['token']}"}
        assert requests.get(other, headers=shown, timeout=PATIENCE).status_code == 403


@contextmanager
def asked_by_fastapi(folder: Path) -> Iterator[tuple[str, RunningServer]]:
    """The chat in FastAPI, and a server that asks it; where the chat is."""
    file = folder / "secrets"
    file.write_text(f"whsec_{base64.b64encode(os.urandom(32)).decode()}\n")
    secrets = {"SECRETS": str(file)}
    with (
        uvicorn("chat:app", cwd=EXAMPLES / "fastapi", environment=secrets) as (url, _),
        running(
            *("--ask", f"{url}ask", "--ask-secret", str(file), "--ask-header", "Cookie"),
            *("--tell", f"{url}told", "--tell-secret", str(file)),
        ) as server,
    ):
        yield url, server


def test_fastapi(tmp_path: Path) -> None:
    """Each is who its cookie says, in the rooms of its team, and only there."""
    with (
        asked_by_fastapi(tmp_path) as (chat, server),
        requests.Session() as ann,
        requests.Session() as cy,
        requests.Session() as nobody,
    ):
        for session, name in ((ann, "ann"), (cy, "cy")):
            session.post(f"{chat}login?name={name}", timeout=PATIENCE).raise_for_status()
        room = server.http("/broadcast/team-red")
        cookie = "; ".join(f"{name}={value}" for name, value in ann.cookies.items())
        with (
            httpx.Client(headers={"Cookie": cookie}, timeout=PATIENCE) as client,
            connect_sse(client, "GET", f"{room}?presence=1") as stream,
        ):
            events = stream.iter_sse()
            assert json.loads(next(events).data)["members"][0]["name"] == "ann"
            for text in ("hello", "buy now!", "bye"):
                assert ann.post(room, text, timeout=PATIENCE).status_code == 201
            said = [json.loads(event.data)["data"] for event in islice(events, 2)]
            assert said == ["ann: hello", "ann: bye"]
        for session, reason in ((cy, "you are not of team-red"), (nobody, "log in first")):
            for answer in (session.post(room, "x", timeout=PATIENCE), session.get(room, timeout=9)):
                assert (answer.status_code, answer.json()["error"]["reason"]) == (403, reason)
        # Whoever is not wsecho is told nothing, and tells nothing.
        for path in ("ask", "told"):
            assert requests.post(f"{chat}{path}", json={}, timeout=PATIENCE).status_code == 401


def test_fastapi_is_told(tmp_path: Path) -> None:
    """Who came, once each, though a batch comes twice."""
    with asked_by_fastapi(tmp_path) as (chat, server), requests.Session() as ann:

        def visits() -> dict[str, int]:
            return dict(ann.get(f"{chat}visits", timeout=PATIENCE).json())

        ann.post(f"{chat}login?name=ann", timeout=PATIENCE).raise_for_status()
        cookie = "; ".join(f"{name}={value}" for name, value in ann.cookies.items())
        for _ in range(2):
            with sync_connect(
                server.ws("/broadcast/team-red"), additional_headers={"Cookie": cookie}
            ):
                pass
        wait_until(lambda: visits() == {"team-red": 2})
        batch = json.dumps({"data": [{"id": "~", "event": "join", "room": "team-red"}]})
        signer = Webhook((tmp_path / "secrets").read_text().strip())
        now = datetime.now(UTC)
        headers = {
            "webhook-id": "batch",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign("batch", now, batch),
        }
        for _ in range(2):
            answer = requests.post(f"{chat}told", batch, headers=headers, timeout=PATIENCE)
            assert answer.status_code == 204
        assert visits() == {"team-red": 3}


def present(file: Path) -> list[tuple[str, str]]:
    """Who is where, as the team's table has it."""
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as database:
        return database.execute("SELECT room, name FROM present ORDER BY room, name").fetchall()


def test_presence(tmp_path: Path) -> None:
    """The table has who is there, and nobody any more once they are gone."""
    file = tmp_path / "team.db"
    options = ("--token-key", str(key_file(tmp_path, ED)), "--app", "team:Team")
    looked_in = {"PYTHONPATH": str(EXAMPLES / "presence")}
    with running(*options, cwd=tmp_path, environment=looked_in) as server, ExitStack() as stack:
        for name, room in (("Ann", "red"), ("Bob", "red"), ("Cy", "blue")):
            made = token(sub=name, name=name, rooms={"join": ["*"]})
            url = f"{server.http(f'/broadcast/{room}')}?token={made}"
            client = stack.enter_context(httpx.Client(timeout=PATIENCE))
            stack.enter_context(connect_sse(client, "GET", url))
        there = [("blue", "Cy"), ("red", "Ann"), ("red", "Bob")]
        wait_until(lambda: present(file) == there)
        stack.close()
        wait_until(lambda: present(file) == [])


def orders(file: Path) -> list[str]:
    """What the worker has done, in its order."""
    if not file.exists():
        return []
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'orders'").fetchone():
            return []
        rows = database.execute("SELECT text FROM orders ORDER BY number").fetchall()
    return [text for (text,) in rows]


def test_the_worker_does_each_once(server: RunningServer, tmp_path: Path) -> None:
    """Though it is killed again and again, and away for a while."""
    file = tmp_path / "orders.sqlite"
    url = server.ws("/broadcast/orders")
    command = (sys.executable, str(EXAMPLES / "worker/worker.py"), url, str(file))

    def say_some(first: int) -> None:
        with connect(url, own=False) as room:
            for number in range(first, first + ORDERS):
                room.publish(f"order {number}")

    with ThreadPoolExecutor(1) as pool:
        for time in range(KILLS):
            so_far = len(orders(file))
            worker = Process.start(*command)
            saying = pool.submit(say_some, time * ORDERS)
            try:
                # So it is killed in the midst of them.
                wait_until(partial(has_more_than, file, so_far))
                worker.signal(signal.SIGKILL)
                assert worker.wait() == -signal.SIGKILL
            finally:
                worker.end()
            saying.result(PATIENCE)
    worker = Process.start(*command)
    try:
        wait_until(partial(has_more_than, file, KILLS * ORDERS - 1))
    finally:
        worker.end()
    assert orders(file) == [f"order {number}" for number in range(KILLS * ORDERS)]


def has_more_than(file: Path, count: int) -> bool:
    """Tell whether the worker has done more than so much."""
    return len(orders(file)) > count


def test_the_worker_and_a_restart(tmp_path: Path) -> None:
    """With Redis nothing is missing; without, what is missing is written down, and it goes on."""
    file = tmp_path / "orders.sqlite"
    listen = f"tcp:{free_port()}:interface=127.0.0.1"
    with redis_server() as redis, running("--redis", redis.url, listen=listen) as server:
        url = server.http("/broadcast/orders")
        publish(url, "one")
        command = (sys.executable, str(EXAMPLES / "worker/worker.py"), url, str(file))
        worker = Process.start(*command)
        try:
            wait_until(lambda: orders(file) == ["one"])
            server.process.signal(signal.SIGKILL)
            server.process.wait()
            with running("--redis", redis.url, listen=listen) as again:
                publish(url, "two")
                wait_until(lambda: orders(file) == ["one", "two"])
                again.process.signal(signal.SIGKILL)
                again.process.wait()
            with running(listen=listen):
                publish(url, "three")
                wait_until(lambda: orders(file) == ["one", "two", "three"])
        finally:
            worker.end()
    with closing(sqlite3.connect(file)) as database:
        [(after, upto)] = database.execute("SELECT * FROM missing").fetchall()
    assert (after.endswith(":2"), upto.endswith(":0")) == (True, True)


def test_an_answer_is_read_from_its_beginning(server: RunningServer) -> None:
    """By who was there, who comes late, and who goes and comes back."""
    url = server.ws("/broadcast/answer-17")
    writer = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "stream/answer.py"), url], stdin=subprocess.PIPE, text=True
    )
    reader = (sys.executable, str(EXAMPLES / "stream/read.py"), url)
    with writer:
        assert writer.stdin is not None

        def write(*words: str) -> None:
            assert writer.stdin is not None
            for word in words:
                writer.stdin.write(f"{word}\n")
                writer.stdin.flush()

        write("one", "two")
        early = subprocess.Popen(reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with early:
            assert early.stdout is not None
            assert early.stdout.read(8) == "one two "
            early.send_signal(signal.SIGINT)
            told = early.communicate(timeout=PATIENCE)[1]
        going_on = re.search(r"Go on with: python read.py (\S+) (\S+:2)$", told.strip())
        assert going_on is not None, told
        write("three", "four")
        with ThreadPoolExecutor(2) as pool:
            late = pool.submit(subprocess.check_output, reader, text=True, timeout=PATIENCE)
            resumed = pool.submit(
                subprocess.check_output, (*reader, going_on[2]), text=True, timeout=PATIENCE
            )
            write("five")
            writer.stdin.close()
            assert writer.wait(PATIENCE) == 0
            assert late.result() == "one two three four five "
            assert resumed.result() == "three four five "


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*.py")), ids=lambda file: file.parent.name)
def test_it_is_python(file: Path) -> None:
    """What was before too, though what it needs is not here."""
    assert ast.get_docstring(ast.parse(file.read_text()))


def test_each_is_on_the_page() -> None:
    """On that of recipes, or where it belongs: as the very file."""
    pages = [(DOCS / "howto" / name).read_text() for name in ("recipes.md", "application.md")]
    shown = set(re.findall(r"```\{literalinclude\} \.\./examples/(\S+)", "".join(pages)))
    there = {str(file.relative_to(EXAMPLES)) for file in EXAMPLES.rglob("*.*")}
    others = {name for name in there if name.startswith("chat/") or "__pycache__" in name}
    assert shown == there - others


def test_a_chat_beside_the_server_knows_its_people() -> None:
    """By their cookie: who is logged in speaks under its name, to its teams, and mildly."""
    folder = {"PYTHONPATH": str(EXAMPLES / "application")}
    asked = ("--app", "chat:Chat", "--ask-header", "Cookie")
    with running(*asked, environment=folder) as server:
        url = server.ws("/broadcast/team-red?presence=1")
        with pytest.raises(InvalidStatus, match="403"):
            sync_connect(url)
        ann, bob = (
            sync_connect(
                url,
                additional_headers={"Cookie": f"session={session}"},
                subprotocols=[Subprotocol("wsecho.v1")],
            )
            for session in ("7f3a", "91bc")
        )
        with ann, bob:
            names = [each["name"] for each in json.loads(bob.recv(PATIENCE))["members"]]
            assert names == ["Ann", "Bob"]
            for who, text in ((bob, "anybody?"), (ann, "darn it")):
                who.send(json.dumps({"type": "publish", "data": text, "id": 1}))
                while json.loads(who.recv(PATIENCE))["type"] != "published":
                    pass
        blue = server.ws("/broadcast/team-blue")
        with pytest.raises(InvalidStatus, match="403"):
            sync_connect(blue, additional_headers={"Cookie": "session=91bc"})
        kept = requests.get(server.http("/broadcast/team-red?history=9"), timeout=PATIENCE).json()
        assert [message["data"] for message in kept["messages"]] == ["d*** it"]


def test_a_bot_answers_once_in_the_room_that_it_is_asked_in(tmp_path: Path) -> None:
    """With who is there, and what it counts; not to itself, nor to other talk."""
    file = tmp_path / "bot.toml"
    file.write_text('app = ["bot:Bot"]\n[rooms."*"]\ntell = ["message"]\n')
    folder = {"PYTHONPATH": str(EXAMPLES / "application")}
    with running("--config", str(file), environment=folder) as server:
        url = server.ws("/broadcast/lobby")
        with connect(url, history=50) as room:
            for text in ("hello", "!who", "!long four", "!long"):
                room.publish(text)
            heard = [next(room).data for _ in range(7)]
    assert sorted(str(text) for text in heard) == sorted(
        ["hello", "!who", "!long four", "!long", "somebody", "4 letters", "0 letters"]
    )
    assert heard.index("somebody") < heard.index("4 letters") < heard.index("0 letters")
