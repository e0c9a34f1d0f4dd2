# SPDX-License-Identifier: MIT
"""The image and the composition, built and run by podman as docs/howto/containers.md says.

Their base is one that debootstrap makes, so that nothing is needed but Debian's packages, PyPI and
npm. Redis and nginx are Debian's, under the names that the composition gives.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.documents import DOCS, ROOT, commands, fences
from tests.support.podman import Podman, most_files, trust_of_this_machine
from tests.support.processes import PATIENCE
from tests.support.proxies import free_port
from tests.support.waiting import wait_until

PAGE: Final = DOCS / "howto/containers.md"
FAIL_TIMEOUT: Final = 6.0
"""Seconds, and one more, for which nginx does not try again what has failed."""
BASE: Final = "localhost/wsecho-base"
SUITE: Final = "bookworm"
TOOLS: Final = re.compile(
    r".*bin/(?:[\w]+-linux-gnu-)?(?:gcc|g\+\+|cc|c\+\+|cpp|clang|tcc|as|ld|make)(?:-[\d.]+)?"
    r"|.*bin/(?:npm|npx|node|pip|git|curl|wget)[\d.]*"
    r"|.*/(?:cc1|ensurepip/.*|site-packages/pip/.*|node_modules/.*|Python\.h)|(?:source|build)/.*"
)
OTHERS: Final = {
    "docker.io/library/redis:7": """\
FROM localhost/wsecho-base
RUN apt-get update && apt-get install -y --no-install-recommends redis-server
WORKDIR /data
ENTRYPOINT ["sh", "-c", "exec \\"$@\\" --protected-mode no", "redis"]
""",
    "docker.io/library/nginx:1": """\
FROM localhost/wsecho-base
RUN apt-get update && apt-get install -y --no-install-recommends nginx-light \\
    && rm /etc/nginx/sites-enabled/default
ENTRYPOINT ["nginx", "-g", "daemon off;"]
""",
}


def documented(word: str) -> list[str]:
    """The commands of the page that have a word."""
    found = [one for fence in fences(PAGE) if fence.language == "sh" for one in commands(fence)]
    return [one for one in found if word in one]


@pytest.fixture(scope="module")
def podman() -> Iterator[Podman]:
    """One that has the base, and the image as the page has it built."""
    with Podman.fresh() as podman:
        podman.bootstrap(BASE, SUITE)
        authorities = trust_of_this_machine(podman.folder)
        [build] = documented("--secret")
        build = build.replace("/etc/ssl/certs/ca-certificates.crt", authorities)
        build = build.replace("src=pip.conf", f"src={podman.folder}/pip.conf")
        build = build.replace("src=npmrc", f"src={podman.folder}/npmrc").removesuffix(" .")
        begun = time.monotonic()
        podman.shell(f"{build} --build-arg BASE={BASE} .", cwd=ROOT)
        print(f"built in {time.monotonic() - begun:.0f} s")
        yield podman


def inspected(podman: Podman, kind: str, name: str) -> dict[str, Any]:
    """What podman knows of something."""
    [found] = json.loads(podman(kind, "inspect", name))
    return dict(found)


def test_nothing_of_the_build_is_left(podman: Podman) -> None:
    """No compiler, no pip, no Node, no sources; nor what the build was told from outside."""
    size = inspected(podman, "image", "wsecho")["Size"]
    print(f"its size is {size / 1e6:.0f} MB")
    podman("create", "--name", "unpacked", "wsecho")
    listed = podman.shell("podman export unpacked | tar -t").splitlines()
    podman("rm", "unpacked")
    assert any(name.endswith("wsecho/lane/_octets.abi3.so") for name in listed)
    assert any(name.endswith("wsecho/web/index.html") for name in listed)
    assert [name for name in listed if TOOLS.fullmatch(name)] == []
    assert [name for name in listed if name.endswith(("authorities.pem", ".npmrc"))] == []
    told = json.dumps(inspected(podman, "image", "wsecho")["Config"])
    assert "authorities" not in told
    assert not re.search("_CERT|CA_CERTS", told)


@contextmanager
def running(podman: Podman) -> Iterator[int]:
    """A container as the page runs it; gives its port."""
    [run] = documented("podman run --name wsecho")
    port = free_port()
    run = run.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    podman.shell(run.replace("podman run", "podman run --detach"))
    try:
        wait_until(lambda: answers(port, "readyz"))
        yield port
    finally:
        print(podman("logs", "wsecho", may_fail=True))
        podman("rm", "--force", "--time", "0", "wsecho")


def answers(port: int, path: str) -> bool:
    """Tell whether somebody says that all is well."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/{path}", timeout=2).ok
    except requests.RequestException:
        return False


def ask_for_health(podman: Podman, name: str) -> str:
    """Do what systemd does every ten seconds, and say what podman makes of it."""
    podman("healthcheck", "run", name, may_fail=True)
    state = inspected(podman, "container", name)["State"]
    return str((state.get("Health") or state["Healthcheck"])["Status"])


def test_it_serves_without_rights(podman: Podman) -> None:
    """A room by curl, and the page; it can write to nothing but /tmp, nor become anybody else."""
    with running(podman) as port:
        room = f"http://127.0.0.1:{port}/broadcast/lobby"
        podman.shell(f"curl -sSf -d hello {room}")
        assert '"data":"hello"' in podman.shell(f"curl -sSf '{room}?history=1'").replace(" ", "")
        assert "<title>" in podman.shell(f"curl -sSf http://127.0.0.1:{port}/")
        assert podman("exec", "wsecho", "id", "-u") == "10001"
        status = podman("exec", "wsecho", "cat", "/proc/1/status")
        for capabilities in re.findall(r"^Cap\w+:\s*(\w+)$", status, re.MULTILINE):
            assert int(capabilities, 16) == 0
        told = podman("exec", "wsecho", "sh", "-c", "echo > /x", may_fail=True)
        assert "Read-only file system" in told
        podman("exec", "wsecho", "sh", "-c", "echo > /tmp/x")
        log = podman("logs", "wsecho", may_fail=True)
        assert "Traceback" not in log
        assert "cache" not in log


def test_its_health_is_seen(podman: Podman) -> None:
    """Healthy, unhealthy while its event loop stands still, and healthy again."""
    with running(podman):
        assert ask_for_health(podman, "wsecho") == "healthy"
        podman("kill", "--signal", "STOP", "wsecho")
        # What fails within its first half minute does not count, and then three in a row do.
        wait_until(lambda: ask_for_health(podman, "wsecho") == "unhealthy", 4 * PATIENCE)
        podman("kill", "--signal", "CONT", "wsecho")
        wait_until(lambda: ask_for_health(podman, "wsecho") == "healthy", 4 * PATIENCE)


def test_it_takes_leave(podman: Podman) -> None:
    """Of who is connected, when the page's command stops it; with status 0."""
    [stop] = documented("podman stop")
    with running(podman) as port, connect(f"ws://127.0.0.1:{port}/echo") as client:
        client.send("hello")
        assert client.recv(PATIENCE) == "hello"
        podman.shell(stop)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        assert inspected(podman, "container", "wsecho")["State"]["ExitCode"] == 0


# -- the composition


@pytest.fixture(scope="module")
def composed(podman: Podman) -> Iterator[int]:
    """All four, as the page starts them; gives nginx's port."""
    for name, containerfile in OTHERS.items():
        podman("build", "--tag", name, "-", given=containerfile)
    compose = podman.folder / "compose"
    podman.shell(("python3", "-m", "venv", str(compose)))
    podman.shell((str(compose / "bin/pip"), "install", "--quiet", "podman-compose"))
    port = free_port()
    text = (ROOT / "compose.yaml").read_text()
    for theirs, ours in (
        ("127.0.0.1:8080:80", f"127.0.0.1:{port}:80"),
        ("./docs/", f"{DOCS}/"),
        ("nofile: 65536", f"nofile: {most_files()}\n    nproc: 4096"),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    (podman.folder / "compose.yaml").write_text(text)
    (podman.folder / "Containerfile").write_text("FROM localhost/wsecho\n")
    [up] = documented("up --build")
    health = threading.Thread(target=keep_asking, args=(podman, over := threading.Event()))
    health.start()
    try:
        compose_(podman, up)
        wait_until(lambda: answers(port, "readyz"), 4 * PATIENCE)
        yield port
    finally:
        over.set()
        health.join()
        compose_(podman, "podman compose down --volumes")


def compose_(podman: Podman, command: str) -> None:
    """Run a command of `podman compose`."""
    program = podman.folder / "compose/bin/podman-compose"
    podman.shell(command.replace("podman compose", str(program)))


def keep_asking(podman: Podman, over: threading.Event) -> None:
    """Stand in for systemd, which asks each container for its health."""
    while not over.wait(1):
        for name in podman("ps", "--format", "{{.Names}}").split():
            podman("healthcheck", "run", name, may_fail=True)


def container(podman: Podman, service: str) -> str:
    """Which container a service runs in."""
    label = f"label=com.docker.compose.service={service}"
    return podman("ps", "--no-trunc", "--filter", label, "--format", "{{.ID}}")


def visit(url: str, failed: list[str], over: threading.Event) -> None:
    """Ask again and again, on a connection of its own each time, and note what is no answer."""
    while not over.wait(0.05):
        try:
            answer = requests.get(url, timeout=PATIENCE)
            # A server that takes leave says so, and when to come back.
            if answer.status_code != 503 or "Retry-After" not in answer.headers:
                assert answer.json()["messages"]
        except (requests.RequestException, LookupError, AssertionError) as error:
            failed.append(f"{time.monotonic()}: {error!r}")


@contextmanager
def visited(url: str) -> Iterator[list[str]]:
    """Somebody asks all the while; gives what was no answer."""
    failed: list[str] = []
    over = threading.Event()
    visitor = threading.Thread(target=visit, args=(url, failed, over))
    visitor.start()
    try:
        yield failed
    finally:
        over.set()
        visitor.join()


def say(room: str, text: str) -> None:
    """Publish."""
    assert requests.post(room, data=text, timeout=PATIENCE).status_code == 201


def is_healthy(podman: Podman, service: str) -> bool:
    """Tell whether a service's container is there, and well."""
    name = container(podman, service)
    return bool(name) and ask_for_health(podman, name) == "healthy"


def test_each_server_may_be_replaced(podman: Podman, composed: int) -> None:
    """Whoever asks nginx meanwhile is answered, and the new ones get what the old ones had."""
    room = f"http://127.0.0.1:{composed}/broadcast/lobby"
    say(room, "before")
    before = {name: container(podman, name) for name in ("one", "two")}
    for name in before:
        wait_until(partial(is_healthy, podman, name), 4 * PATIENCE)
    for name, earlier in before.items():
        time.sleep(FAIL_TIMEOUT)
        [command] = documented(f"--force-recreate {name}")
        with visited(f"{room}?history=1") as failed:
            compose_(podman, command)
            wait_until(partial(is_healthy, podman, name), 4 * PATIENCE)
        assert failed == []
        assert container(podman, name) != earlier
        say(room, f"after {name}")
    kept = requests.get(f"{room}?history=9", timeout=PATIENCE).json()["messages"]
    assert [message["data"] for message in kept] == ["before", "after one", "after two"]
    for name in ("one", "two"):
        seen = podman("logs", container(podman, name), may_fail=True)
        assert "connected to redis://redis:6379" in seen
        assert "(withheld)" not in seen


def test_only_nginx_says_for_whom_it_comes(podman: Podman, composed: int) -> None:
    """What a client says of itself is not what the servers log."""
    claimed = {"X-Forwarded-For": "192.0.2.99"}
    url = f"ws://127.0.0.1:{composed}/echo"
    with connect(url, additional_headers=claimed) as client:
        client.send("hello")
        assert client.recv(PATIENCE) == "hello"
    wait_until(lambda: '"closed"' in logs_of_both(podman))
    assert "192.0.2.99" not in logs_of_both(podman)


def test_a_rebound_name_reaches_nobody(composed: int) -> None:
    """Whatever page it is of."""
    for host, status in (("evil.example:8080", 421), ("localhost:8080", 200)):
        answer = requests.get(
            f"http://127.0.0.1:{composed}/healthz", headers={"Host": host}, timeout=PATIENCE
        )
        assert answer.status_code == status


def logs_of_both(podman: Podman) -> str:
    """What both servers have logged."""
    return "".join(
        podman("logs", container(podman, name), may_fail=True) for name in ("one", "two")
    )
