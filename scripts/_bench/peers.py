# SPDX-License-Identifier: MIT
"""How each server is started: the command, and the files that it needs."""

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from _shared.errors import CannotRunError
from _shared.process import HOST

from .environment import Environment
from .rows import BARE, BEFORE, OURS, SCALE_PEERS, Entry, Load

_WIDEST = 15
_UVICORN_READY = "Application startup complete|ASGI 'lifespan' protocol appears unsupported"
_GRANIAN_READY = r"Started worker-\d+$"
_WORKER_READY = r"worker \d+ is ready"
_CROSSBAR_PATIENCE = 240.0
"""Its first start alone took a minute and a half."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, and the folder to run it in."""

    arguments: list[str]
    folder: Path
    patience: float = 30.0
    """Seconds until it must listen."""
    ready: str = ""
    """What the log says once for each process that takes connections, where there are many."""
    processes: int = 0


def command(
    peer: str,
    load: Load,
    port: int,
    *,
    environment: Environment,
    work: Path,
    options: Sequence[str],
    agreed: str = "",
    redis: int | None = None,
) -> Command:
    """Give what starts a peer for a load on a port.

    `options` are for wsecho alone, of either checkout; `agreed` is what wsecho agreed on under this
    load, for peers that are to agree on the same window; `redis` is the port of one.
    """
    if peer in {OURS, BEFORE}:
        shared = (
            () if redis is None else ("--redis", redis_url(redis), "--workers", str(load.workers))
        )
        checkout = environment.root if peer == OURS else environment.before
        assert checkout is not None  # noqa: S101  (rows have such a peer only where there is one)
        return _wsecho(load, port, checkout, work, (*shared, *options))
    if peer == BARE:
        return Command([str(environment.bare), str(port)], work)
    if peer == "crossbar":
        return _crossbar(port, environment, work)
    flags = ["--size", str(load.size), *(["--deflate"] if load.offer else [])]
    if load.alike:
        flags += [
            "--server-bits",
            _bits("server", agreed),
            "--client-bits",
            _bits("client", agreed),
        ]
    if load.tls:
        flags += ["--certificate", str(work / "cert.pem"), "--key", str(work / "key.pem")]
    if peer in {"ws", "bun"}:
        return Command(_script(peer, environment, [str(port), *flags]), work)
    module = ["-m", f"_bench.servers.{peer}_", str(port), *flags]
    scripts = environment.root / "scripts"
    if redis is not None:
        module += ["--redis", redis_url(redis), "--workers", str(load.workers)]
    # Their sockets are open before the processes are there that take connections.
    ready = _GRANIAN_READY if peer == "granian" else _UVICORN_READY if peer in SCALE_PEERS else ""
    started = [str(environment.python_of(peer)), *module]
    return Command(started, scripts, ready=ready, processes=max(1, load.workers) if ready else 0)


def driver(entry: Entry, environment: Environment) -> list[str]:
    """Give what starts the program of a client library, from the folder of the scripts.

    Bare `websockets` is the one that wsecho's own client is built on, in the same environment.
    """
    checkout = environment.before if entry.peer == BEFORE else environment.root
    assert checkout is not None  # noqa: S101  (rows have such a peer only where there is one)
    python = checkout / ".venv" / "bin" / "python"
    if entry.peer in SCALE_PEERS:
        python = environment.scale_python
    return [str(python), "-m", f"_bench.clients.{entry.load.client}_"]


def _script(peer: str, environment: Environment, flags: list[str]) -> list[str]:
    script = str(Path(__file__).with_name("servers") / f"{peer}_.mjs")
    if peer == "bun":
        return [str(environment.bun), script, *flags]
    return [str(environment.node), script, str(environment.node_modules), *flags]


def _wsecho(load: Load, port: int, checkout: Path, work: Path, options: Sequence[str]) -> Command:
    listen = f"tcp:{port}:interface={HOST}"
    if load.tls:
        files = f"privateKey={work / 'key.pem'}:certKey={work / 'cert.pem'}"
        listen = f"ssl:{port}:interface={HOST}:{files}"
    twistd = str(checkout / ".venv" / "bin" / "twistd")
    # No peer here writes a line for each connection either.
    many = load.workers if load.workers > 1 else 0
    ours = ["-n", "--pidfile=", "wsecho", "--listen", listen, "--no-connection-log", *options]
    return Command([twistd, *ours], work, ready=_WORKER_READY, processes=many)


def redis_url(port: int) -> str:
    """Give the URL of a Redis on a port of loopback."""
    return f"redis://{HOST}:{port}"


def redis_command(port: int, work: Path) -> Command:
    """Give what starts a Redis that keeps nothing on disk: neither peer asks it to."""
    bound = ["--port", str(port), "--bind", HOST, "--dir", str(work)]
    return Command(["redis-server", *bound, "--save", "", "--appendonly", "no"], work)


def _bits(side: str, agreed: str) -> str:
    found = re.search(rf"{side}_max_window_bits=\W?(\d+)", agreed)
    return found[1] if found else str(_WIDEST)


def _crossbar(port: int, environment: Environment, work: Path) -> Command:
    node = work / "crossbar"
    node.mkdir(exist_ok=True)
    permission = dict.fromkeys(("call", "register", "publish", "subscribe"), True)
    anyone = {
        "name": "anonymous",
        "permissions": [{"uri": "", "match": "prefix", "allow": permission}],
    }
    config = {
        "version": 2,
        "workers": [
            {
                "type": "router",
                "realms": [{"name": "realm1", "roles": [anyone]}],
                "transports": [
                    {
                        "type": "websocket",
                        "endpoint": {"type": "tcp", "port": port, "interface": HOST},
                        "serializers": ["json"],
                    }
                ],
            }
        ],
    }
    (node / "config.json").write_text(json.dumps(config))
    return Command(
        [str(environment.crossbar), "start", "--cbdir", str(node)], work, _CROSSBAR_PATIENCE
    )


def make_certificate(folder: Path) -> None:
    """Leave a self-signed certificate and its key in a folder.

    Raises:
        CannotRunError: There is no `openssl`.
    """
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    try:
        subprocess.run([*make, *files], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotRunError(f"a certificate for the TLS row could not be made: {error}") from None
