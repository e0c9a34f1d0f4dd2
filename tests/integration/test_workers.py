# SPDX-License-Identifier: MIT
"""`--workers`: a real parent and its real processes, and a real Redis between them."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
import websockets
from prometheus_client.parser import text_string_to_metric_families

from tests.load.speakers import ask
from tests.support.certificates import serial_of, unverified, write_certificate
from tests.support.clusters import workers
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.redis_server import redis_server
from tests.support.waiting import settled, until, wait_until

READY = re.compile(r"worker (\d+) is ready, process (\d+)")
REPLACED = re.compile("all workers were replaced")


def processes(server: RunningServer) -> dict[int, int]:
    """The newest process of each worker, by its number."""
    return {int(slot): int(pid) for slot, pid in READY.findall(server.process.output)}


def has_ended(pid: int) -> bool:
    """Whether a process is gone; a zombie that nobody reaped here is."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


async def refuses(server: RunningServer) -> bool:
    """Whether nobody listens."""
    try:
        _, writer = await asyncio.open_connection(server.host, server.port)
    except OSError:
        return True
    writer.close()
    return False


def wait_until_ended(*pids: int) -> None:
    """Wait for processes that are not this one's children."""
    wait_until(lambda: all(map(has_ended, pids)))


async def metrics(server: RunningServer) -> dict[tuple[str, ...], float]:
    """Scrape; each sample by its name and its labels' values."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(server.http("/metrics")) as answer,
    ):
        assert answer.status == 200
        text = await answer.text()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_several_workers_need_redis() -> None:
    """One line says so."""
    program = [sys.executable, "-m", "wsecho", "--workers", "2", "--listen", "tcp:0"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert re.fullmatch("wsecho: --workers 2: needs --redis [^\n]+\n", done.stderr)


def test_connections_are_spread_and_one_death_harms_nobody_else() -> None:
    """All are counted as one server's; the dead one's successor serves, the others never stop."""

    async def main() -> None:
        with workers(4) as server:
            url = server.ws("/echo")
            clients: list[websockets.ClientConnection] = []
            spread = [0.0]
            # Whoever is awake takes what comes: that each gets some takes a while by chance.
            while min(spread) < 1:
                assert len(clients) < 2000, spread
                more = await asyncio.gather(*(websockets.connect(url) for _ in range(80)))
                clients.extend(more)
                before = await metrics(server)
                spread = [before["wsecho_worker_connections", str(slot)] for slot in (1, 2, 3, 4)]
            for client in clients:
                await client.send("hello")
                assert await client.recv() == "hello"
            before = await metrics(server)
            spread = [before["wsecho_worker_connections", str(slot)] for slot in (1, 2, 3, 4)]
            assert sum(spread) == before[("wsecho_connections",)] == len(clients) + 1
            assert before["wsecho_messages_total", "in", "echo"] == len(clients)
            victim = processes(server)[3]
            os.kill(victim, signal.SIGKILL)
            match = server.process.wait_for(re.compile(r"worker 3 died: (.*)"))
            assert match[1] == "killed by SIGKILL; another starts in 0.5 s"
            server.process.wait_for(READY)
            assert processes(server)[3] != victim
            lost = 0
            for client in clients:
                try:
                    await client.send("again")
                    assert await asyncio.wait_for(client.recv(), PATIENCE) == "again"
                except websockets.ConnectionClosedError:
                    lost += 1
            assert lost in {spread[2], spread[2] - 1}
            after = await metrics(server)
            assert after[("wsecho_worker_deaths_total",)] == 1
            assert after["wsecho_workers", "ready"] == 4
            # What the dead one counted is in the sum, as far as it had told.
            assert after["wsecho_door_connections_opened_total", "echo"] == len(clients)
            for client in clients:
                await client.close()

    asyncio.run(main())


def test_replacing_refuses_nobody(tmp_path: Path) -> None:
    """Under a steady load of new connections, each with one exchange; new options are read."""
    options = tmp_path / "wsecho.toml"
    options.write_text('reply = "old {data}"\n')

    async def main() -> None:
        with workers(2, "--config", str(options)) as server:
            before = processes(server)
            staying = await websockets.connect(server.ws("/echo"))
            is_over = asyncio.Event()
            heard: list[str] = []

            async def connect_again_and_again() -> None:
                while not is_over.is_set():
                    async with websockets.connect(server.ws("/echo")) as client:
                        await client.send("x")
                        heard.append(str(await asyncio.wait_for(client.recv(), PATIENCE)))
                    await asyncio.sleep(0.01)

            async def ask_again_and_again() -> None:
                while not is_over.is_set():
                    async with (
                        aiohttp.ClientSession() as session,
                        session.get(server.http("/readyz")) as answer,
                    ):
                        assert answer.status == 200
                    await asyncio.sleep(0.01)

            load = asyncio.gather(
                *(connect_again_and_again() for _ in range(4)), ask_again_and_again()
            )
            options.write_text('reply = "new {data}"\n')
            server.process.signal(signal.SIGUSR2)
            await asyncio.to_thread(server.process.wait_for, REPLACED)
            is_over.set()
            await load
            assert staying.close_code is None or staying.close_code == 1001
            await asyncio.wait_for(staying.wait_closed(), PATIENCE)
            assert staying.close_code == 1001
            assert heard[0] == "old x"
            assert heard[-1] == "new x"
            assert not set(before.values()) & set(processes(server).values())
            wait_until_ended(*before.values())
            assert "Traceback" not in server.process.output

    asyncio.run(main())


def test_a_unix_socket_outlives_its_workers(tmp_path: Path) -> None:
    """Its file and its queue are the parent's."""
    path = str(tmp_path / "x.sock")

    async def ask() -> None:
        connector = aiohttp.UnixConnector(path)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://x/healthz") as answer,
        ):
            assert await answer.text() == "alive\n"

    with workers(2, "--listen", f"unix:{path}") as server:
        server.process.signal(signal.SIGUSR2)
        server.process.wait_for(REPLACED)
        asyncio.run(ask())


def test_certificates_are_read_again_by_each(tmp_path: Path) -> None:
    """On SIGHUP to the parent; nobody is dropped."""
    path = write_certificate(tmp_path, 1)

    async def serial(server: RunningServer) -> int:
        _, writer = await asyncio.open_connection(server.host, server.port, ssl=unverified())
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return serial_of(der)

    async def main() -> None:
        listen = f"ssl:0:privateKey={path}:interface=127.0.0.1"
        with workers(2, listen=listen) as server:
            url = f"wss://{server.host}:{server.port}/echo"
            async with websockets.connect(url, ssl=unverified()) as client:
                assert await serial(server) == 1
                write_certificate(tmp_path, 2)
                server.process.signal(signal.SIGHUP)
                for _ in range(2):
                    server.process.wait_for(re.compile(r"worker \d: .*were read again"))
                assert {await serial(server) for _ in range(10)} == {2}
                await client.send("still here")
                assert await client.recv() == "still here"

    asyncio.run(main())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_drains_all(number: signal.Signals) -> None:
    """1001 for each client of each worker, then the parent ends as on any signal."""

    async def main() -> None:
        with workers(3) as server:
            pids = processes(server).values()
            clients = [await websockets.connect(server.ws("/echo")) for _ in range(30)]
            server.process.signal(number)
            for client in clients:
                await asyncio.wait_for(client.wait_closed(), PATIENCE)
                assert client.close_code == 1001
            assert server.process.wait() == -number
            assert all(map(has_ended, pids))
            stopped = re.findall(r"stopped: (\d+) connections", server.process.output)
            assert sum(map(int, stopped)) == 30
            assert len(stopped) == 3
            assert "Traceback" not in server.process.output

    asyncio.run(main())


def test_a_second_signal_ends_all_at_once() -> None:
    """Whatever `--drain` says; quietly."""

    async def main() -> None:
        with workers(2, "--drain", "3600") as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(
                b"POST /broadcast/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
                b"Expect: 100-continue\r\n\r\n"
            )
            # It has the head, and waits for the body.
            assert b" 100 " in await asyncio.wait_for(reader.readline(), PATIENCE)
            server.process.signal(signal.SIGTERM)
            # Nobody listens any more: the end has begun everywhere.
            await until(lambda: refuses(server))
            server.process.signal(signal.SIGTERM)
            assert server.process.wait() == -signal.SIGTERM
            assert "Traceback" not in server.process.output
            writer.close()

    asyncio.run(main())


def test_nobody_outlives_a_parent_that_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The workers drain then, and the last takes the family's folder along."""
    folder = tmp_path_factory.mktemp("x")
    monkeypatch.setenv("TMPDIR", str(folder))

    async def main() -> None:
        with workers(2, "--drain", "20") as server:
            pids = processes(server).values()
            async with websockets.connect(server.ws("/echo")) as client:
                server.process.signal(signal.SIGKILL)
                await asyncio.wait_for(client.wait_closed(), PATIENCE)
                assert client.close_code == 1001
            wait_until_ended(*pids)

    asyncio.run(main())
    assert list(folder.iterdir()) == []


def test_a_worker_that_hangs_does_not_outlive_its_parent_either() -> None:
    """It does not need its event loop to notice."""
    mine, its = socket.socketpair()
    code = (
        "import socket, sys\n"
        "from wsecho.workers.worker import watch_parent\n"
        "watch_parent(socket.socket(fileno=int(sys.argv[1])), 0.1)\n"
        "print('hanging', flush=True)\n"
        "while True: pass\n"
    )
    with mine, its:
        command = [sys.executable, "-c", code, str(its.fileno())]
        with subprocess.Popen(
            command, pass_fds=[its.fileno()], stdout=subprocess.PIPE, text=True
        ) as process:
            its.close()
            assert process.stdout is not None
            assert process.stdout.readline() == "hanging\n"
            assert process.poll() is None
            mine.close()
            assert process.wait(PATIENCE) == 1


def test_a_start_that_fails_in_the_workers_is_one_line(tmp_path: Path) -> None:
    """Non-zero, when each try has failed; here the options' file goes away under them."""
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "from wsecho.__main__ import main\n"
        "from wsecho.workers import process, supervisor\n"
        "supervisor.check_needs = lambda _: None\n"
        "spawn = process.Program.spawn\n"
        "def broken(self, *args):\n"
        "    return spawn(process.Program(['--web', '/nowhere'], *self[1:]), *args)\n"
        "process.Program.__getitem__ = lambda self, cut: (self.listeners, self.folder)\n"
        "process.Program.spawn = broken\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, str(program), "--workers", "2", "--listen", "tcp:0:interface=127.0.0.1"],
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "wsecho: --web /nowhere: no such folder\n"


def test_the_log_is_one_and_tells_the_worker() -> None:
    """In JSON as a field."""
    with workers(2, "--log-format", "json", listen="tcp:0:interface=127.0.0.1") as server:

        async def visit() -> None:
            async with websockets.connect(server.ws("/echo")) as client:
                await client.send("x")

        asyncio.run(visit())
        line = server.process.wait_for(re.compile('.*"event": "closed".*'))[0]
        assert re.search('"worker": [12]', line)
        assert '"door": "echo"' in line


def test_a_room_is_one_room_on_all_workers() -> None:
    """Whoever says it, wherever they are."""

    async def main() -> None:
        with workers(3) as server:
            members = [await websockets.connect(server.ws("/broadcast/a")) for _ in range(12)]
            for number, member in enumerate(members):
                await member.send(f"from {number}")
                for other in members:
                    said = await asyncio.wait_for(other.recv(), PATIENCE)
                    assert said == f"from {number}"
            for member in members:
                await member.close()

    asyncio.run(main())


def test_a_worker_that_dies_while_redis_is_away_is_started_again() -> None:
    """It echoes and says 503 as the others do, and serves rooms when Redis is back."""

    async def main() -> None:
        with (
            redis_server() as redis,
            running("--workers", "2", "--redis", redis.url, "--redis-timeout", "0.5") as server,
        ):
            before = processes(server)
            redis.kill()
            for pid in before.values():
                os.kill(pid, signal.SIGKILL)
            for _ in before:
                await asyncio.to_thread(server.process.wait_for, READY)
            assert not set(before.values()) & set(processes(server).values())
            async with websockets.connect(server.ws("/echo")) as client:
                await client.send("x")
                assert await client.recv() == "x"
            status, answer = await asyncio.to_thread(ask, server, "POST", "/broadcast/a", b"x")
            assert (status, answer["error"]["code"]) == (503, "bus_unavailable")
            assert (await asyncio.to_thread(ask, server, "GET", "/readyz"))[0] == 503
            redis.start()

            def say() -> int:
                status, _ = ask(server, "POST", "/broadcast/a", b"x")
                return status

            assert await settled(lambda: asyncio.to_thread(say), 201) == 201

    asyncio.run(main())
