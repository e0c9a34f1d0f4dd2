# SPDX-License-Identifier: MIT
"""The server under test: a URL that must answer, or our own, started for the run."""

import asyncio
import base64
import http.client
import os
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from _shared import process
from _shared.errors import CannotRunError

_START_SECONDS = 30.0
_ANSWER_SECONDS = 5.0


def check(url: str) -> str:
    """Give the `host:port` of a WebSocket URL, as a name for the server.

    Raises:
        CannotRunError: It is no such URL.
    """
    example = "a URL such as ws://127.0.0.1:9000/echo is needed"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise CannotRunError(f"--url {url}: {error}; {example}") from None
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise CannotRunError(f"--url {url}: {example}")
    return f"{parts.hostname}:{port}" if port else parts.hostname


def knock(url: str) -> None:
    """Do one opening handshake, so that a wrong URL is one line and not 517 failures.

    Raises:
        CannotRunError: Nobody is there, or not a WebSocket server.
    """
    try:
        status = _handshake(url)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise CannotRunError(f"cannot reach {url}: {reason}") from None
    if status != http.HTTPStatus.SWITCHING_PROTOCOLS:
        raise CannotRunError(f"{url} does not take WebSockets: it answered HTTP {status}, not 101")


def ask_for_reports(url: str, patience: float) -> None:
    """Have a fuzzing server write its reports, unless it did and is gone.

    Args:
        url: The server's.
        patience: Seconds that it may take.
    """
    place = urlsplit(url)
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET /updateReports?agent=wsecho-testsuite HTTP/1.1\r\nHost: {place.netloc}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n"
    )
    with suppress(OSError):
        address = (place.hostname or "", place.port or 0)
        with socket.create_connection(address, patience) as asking:
            asking.sendall(request.encode())
            answer = b""
            # What follows the head, be it the end, follows the reports.
            while not answer.partition(b"\r\n\r\n")[2] and (more := asking.recv(1 << 16)):
                answer += more


def _handshake(url: str) -> int:
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "wss":
        # As the fuzzing client does: a server under test often signs its own certificate.
        trusting = ssl._create_unverified_context()  # noqa: S323, SLF001
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=_ANSWER_SECONDS, context=trusting
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=_ANSWER_SECONDS)
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    upgrade |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers=upgrade)
        return connection.getresponse().status
    finally:
        connection.close()


@asynccontextmanager
async def own(root: Path, options: Sequence[str], work: Path, log: Path) -> AsyncIterator[str]:
    """Serve wsecho on a free port of this machine, give its URL, and end it afterwards.

    Raises:
        CannotRunError: It does not start, or takes no WebSockets.
    """
    port = process.free_port()
    listen = f"tcp:{port}:interface={process.HOST}"
    command = [str(root / ".venv/bin/twistd"), "-n", "--pidfile=", "wsecho", "--listen", listen]
    server = await process.start([*command, *options], folder=work, log=log)
    try:
        if not await process.listens(server, port, _START_SECONDS):
            raise CannotRunError(f"wsecho did not start:{process.last_lines(log)}")
        url = f"ws://{process.HOST}:{port}"
        await asyncio.to_thread(knock, url)
        yield url
        if server.returncode is not None:
            print(
                f"The server ended during the run, with status {server.returncode}:"
                f"{process.last_lines(log)}"
            )
    finally:
        await process.end(server)
