# SPDX-License-Identifier: MIT
"""Access over real sockets: tokens, rotation, certificates and proxies, with clients of others."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.integration.test_start import fail
from tests.support.certificates import serial_of, unverified, write_certificate
from tests.support.processes import PATIENCE, Process, RunningServer, running
from tests.support.proxies import free_port
from tests.support.tokens import ED, HS, OTHER_ED, RS, jwk, key_file, token
from tests.support.waiting import wait_until_open

READ_AGAIN = re.compile("keys and certificates were read again")
OLD_STAYS = re.compile(r"not read again, the old stays in force: (.*)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server's key is."""
    return tmp_path_factory.mktemp("access")


@pytest.fixture(scope="module")
def guarded(folder: Path) -> Iterator[RunningServer]:
    """A server that asks for tokens."""
    secrets = folder / "users.toml"
    secrets.write_text('[ann]\nsecret = "ann\'s long secret"\nrooms = { join = ["*"] }\n')
    options = ("--token-key", str(key_file(folder)), "--wampcra-secrets", str(secrets))
    with running(*options) as server:
        yield server


def open_socket(server: RunningServer, path: str, **options: Any) -> Any:
    """Open a WebSocket with `websockets`."""
    return connect(server.ws(path), open_timeout=PATIENCE, **options)


def refused(server: RunningServer, path: str, **options: Any) -> Any:
    """The answer of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as caught:
        open_socket(server, path, **options).close()
    return caught.value.response


def close_code(client: Any) -> int:
    """The code with which the server closes."""
    with pytest.raises(ConnectionClosed) as caught:
        read_on(client)
    assert caught.value.rcvd is not None
    return int(caught.value.rcvd.code)


def read_on(client: Any) -> None:
    """Read until it ends."""
    while True:
        client.recv(timeout=PATIENCE)


def own(server: RunningServer) -> str:
    """The page's own origin."""
    return f"http://{server.host}:{server.port}"


# -- tokens


def test_each_way_to_present_a_token(guarded: RunningServer) -> None:
    """`websockets` by header and query, aiohttp by subprotocol as a browser does."""
    text = token()

    async def by_subprotocol() -> None:
        offered = ("wsecho.raw", f"wsecho.token.{text}")
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(guarded.ws("/broadcast/ways"), protocols=offered) as client,
        ):
            assert client.protocol == "wsecho.raw"
            await client.send_str("three")
            assert await client.receive_str(timeout=PATIENCE) == "three"

    header = {"Authorization": f"Bearer {text}"}
    with open_socket(guarded, "/broadcast/ways", additional_headers=header) as one:
        one.send("one")
        assert one.recv(timeout=PATIENCE) == "one"
    with open_socket(guarded, f"/broadcast/ways?token={text}") as two:
        two.send("two")
        assert two.recv(timeout=PATIENCE) == "two"
    asyncio.run(by_subprotocol())
    assert text not in guarded.process.output


def test_401_and_403(guarded: RunningServer) -> None:
    """Over HTTP; a browser's page, which sees no status, gets 4401 and 4403."""
    few = token(rooms={"join": ["a"]})
    for path, status, code in (
        ("/broadcast/b", 401, 4401),
        ("/broadcast/b?token=x.y.z", 401, 4401),
        (f"/broadcast/b?token={token(exp=1)}", 401, 4401),
        (f"/broadcast/b?token={few}", 403, 4403),
    ):
        response = refused(guarded, path)
        assert response.status_code == status
        assert ("WWW-Authenticate" in response.headers) is (status == 401)
        with open_socket(guarded, path, origin=own(guarded)) as page:
            assert close_code(page) == code
        assert refused(guarded, path, origin="http://evil.example").status_code == 403


def test_expiry_of_a_live_connection(guarded: RunningServer) -> None:
    """4401 when its time has come, not before it could speak."""
    text = token(exp=int(time.time()) + 3)
    with open_socket(guarded, f"/broadcast/a?token={text}") as client:
        client.send("in time")
        assert client.recv(timeout=PATIENCE) == "in time"
        assert close_code(client) == 4401
    assert refused(guarded, f"/broadcast/a?token={text}").status_code == 401


def test_what_needs_no_token(guarded: RunningServer) -> None:
    """The echo, the page, and opening a long-poll transport."""
    with open_socket(guarded, "/echo", origin="null") as echo:
        echo.send("a")
        assert echo.recv(timeout=PATIENCE) == "a"
    with urllib.request.urlopen(guarded.http("/"), timeout=PATIENCE) as page:
        assert page.status == 200
    assert post(guarded, "/lp/open", {"protocols": ["wamp.2.json"]})[0] == 200


def post(server: RunningServer, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    """POST JSON; the status and what came back."""
    request = urllib.request.Request(
        server.http(path),
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            text = response.read()
            return response.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_long_poll_keeps_the_identity_of_its_opening(guarded: RunningServer) -> None:
    """A token shown there counts for the transport; a bad one is 401."""
    offer = {"protocols": ["wamp.2.json"]}
    assert post(guarded, "/lp/open", offer, Authorization="Bearer x")[0] == 401
    bearer = f"Bearer {token(sub='ann')}"
    status, opened = post(guarded, "/lp/open", offer, Authorization=bearer)
    assert status == 200
    where = f"/lp/{opened['transport']}"
    hello = [1, "realm1", {"roles": {"subscriber": {}}}]
    assert post(guarded, f"{where}/send", hello)[0] == 204
    assert post(guarded, f"{where}/receive", None)[1][2]["authid"] == "ann"
    foreign = post(guarded, "/lp/open", offer, Origin="http://evil.example")
    assert foreign[0] == 403


def test_wamp_cra(guarded: RunningServer) -> None:
    """With the secrets file, by hand over WebSocket."""
    from autobahn.wamp.auth import compute_wcs  # noqa: PLC0415

    with open_socket(guarded, "/ws", subprotocols=["wamp.2.json"]) as client:
        details = {"roles": {"subscriber": {}}, "authmethods": ["wampcra"], "authid": "ann"}
        client.send(json.dumps([1, "realm1", details]))
        challenge = json.loads(client.recv(timeout=PATIENCE))[2]["challenge"]
        signature = compute_wcs(b"ann's long secret", challenge.encode()).decode()
        client.send(json.dumps([5, signature, {}]))
        assert json.loads(client.recv(timeout=PATIENCE))[2]["authid"] == "ann"


# -- SIGHUP


def test_rotation_drops_nobody(tmp_path: Path) -> None:
    """SIGHUP: new tokens count, old ones no more; a bad file changes nothing."""
    path = key_file(tmp_path, ED)
    with (
        running("--token-key", str(path)) as server,
        open_socket(server, f"/broadcast/a?token={token(ED)}") as client,
    ):
        key_file(tmp_path, OTHER_ED)
        server.process.signal(signal.SIGHUP)
        server.process.wait_for(READ_AGAIN)
        assert refused(server, f"/broadcast/a?token={token(ED)}").status_code == 401
        with open_socket(server, f"/broadcast/a?token={token(OTHER_ED)}") as other:
            other.send("still here")
            assert client.recv(timeout=PATIENCE) == "still here"
        path.unlink()
        server.process.signal(signal.SIGHUP)
        why = server.process.wait_for(OLD_STAYS)[1]
        assert why == f"{path}: No such file or directory"
        with open_socket(server, f"/broadcast/a?token={token(OTHER_ED)}") as other:
            other.send("as before")
            assert client.recv(timeout=PATIENCE) == "as before"


@pytest.mark.parametrize("kind", ["ssl", "tls"])
def test_certificates_are_read_again(tmp_path: Path, kind: str) -> None:
    """SIGHUP: new connections see the new one, open ones go on."""
    path = write_certificate(tmp_path, 1)
    listen = {
        "ssl": f"ssl:0:interface=127.0.0.1:privateKey={path}",
        "tls": f"tls:{tmp_path}:0:interface=\\:\\:1",
    }[kind]
    with running(listen=listen) as server:
        host = server.host.strip("[]")
        url = f"wss://localhost:{server.port}/echo"

        def shown() -> int:
            with (
                socket.create_connection((host, server.port), timeout=PATIENCE) as plain,
                unverified().wrap_socket(plain, server_hostname="localhost") as secure,
            ):
                return serial_of(secure.getpeercert(binary_form=True))

        sock = socket.create_connection((host, server.port), timeout=PATIENCE)
        with connect(url, sock=sock, ssl=unverified(), open_timeout=PATIENCE) as client:
            assert shown() == 1
            write_certificate(tmp_path, 2)
            server.process.signal(signal.SIGHUP)
            server.process.wait_for(READ_AGAIN)
            assert shown() == 2
            client.send("still here")
            assert client.recv(timeout=PATIENCE) == "still here"
            path.write_text("-----BEGIN CERTIFICATE-----\n")
            server.process.signal(signal.SIGHUP)
            assert kind in server.process.wait_for(OLD_STAYS)[1]
            assert shown() == 2


# -- starts


def test_a_key_that_cannot_be_used(tmp_path: Path) -> None:
    """One line, and no server."""
    bad = tmp_path / "bad"
    assert fail("--token-key", str(bad)) == f"wsecho: --token-key {bad}: No such file or directory"
    bad.write_text("nonsense")
    assert fail("--token-key", str(bad)) == (f"wsecho: --token-key {bad}: neither PEM nor JSON")


def test_for_whom_and_from_whom_tokens_are(tmp_path: Path) -> None:
    """`--token-audience`, `--token-issuer`, `--token-leeway`, at a WebSocket and by HTTP."""
    names = ("--token-audience", "chat", "--token-audience", "talk", "--token-issuer", "login")
    options = ("--token-key", str(key_file(tmp_path)), *names, "--token-leeway", "3600")
    good: dict[str, Any] = {"aud": ["talk", "other"], "iss": "login"}
    with running(*options) as server:
        past = int(time.time()) - 60
        for claims in (good, {**good, "exp": past}, {**good, "nbf": past + 120}):
            with open_socket(server, f"/broadcast/a?token={token(**claims)}") as client:
                client.send("here")
                assert client.recv(timeout=PATIENCE) == "here"
        bad: list[dict[str, Any]] = [
            {},
            {"aud": "talk"},
            {**good, "aud": "other"},
            {**good, "iss": "talk"},
        ]
        for claims in bad:
            answer = refused(server, f"/broadcast/a?token={token(**claims)}")
            assert answer.status_code == 401
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(server.http(f"/broadcast/a?token={token(**claims)}"))


def test_what_is_never_an_origin() -> None:
    """`null` is anybody's."""
    assert fail("--origin", "null").startswith("wsecho: --origin null: null is the origin of any")


def test_a_private_key_is_taken_with_a_warning(tmp_path: Path) -> None:
    """One line for all of them; none for public halves and shared secrets."""
    files = [tmp_path / name for name in ("private.json", "set.json", "public.json", "shared.json")]
    for file, content in zip(
        files,
        (
            jwk(ED, private=True),
            {"keys": [jwk(OTHER_ED), jwk(RS, private=True)]},
            jwk(OTHER_ED),
            jwk(HS),
        ),
        strict=True,
    ):
        file.write_text(json.dumps(content))
    with running(*(part for file in files for part in ("--token-key", str(file)))) as server:
        with open_socket(server, f"/broadcast/a?token={token(ED)}"):
            pass
        server.process.signal(signal.SIGTERM)
        server.process.wait()
        [warned] = [line for line in server.process.lines if "private key" in line]
        assert f"--token-key {files[0]}, {files[1]}: " in warned


@pytest.mark.parametrize("is_open", [True, False])
def test_open_to_the_world(tmp_path: Path, is_open: bool) -> None:
    """One warning line says how to close it; with a key, or on loopback, there is none."""
    options = () if is_open else ("--token-key", str(key_file(tmp_path)))
    with running(*options, listen="tcp:0:interface=0.0.0.0") as server:
        # The service has started when the reactor runs, and that it does when this is answered.
        with connect(f"ws://127.0.0.1:{server.port}/echo", open_timeout=PATIENCE):
            pass
        server.process.signal(signal.SIGTERM)
        server.process.wait()
        warned = [line for line in server.process.lines if "everybody who reaches" in line]
        assert len(warned) == is_open
        assert all("--token-key" in line for line in warned)


def test_the_commands_end_to_end(tmp_path: Path) -> None:
    """As the documentation has it: a key, a server, a token."""
    program = (sys.executable, "-m", "wsecho")
    path = str(tmp_path / "key.json")
    subprocess.run([*program, "key", path], check=True, timeout=PATIENCE)
    made = subprocess.run(
        [*program, "token", "--key", path, "--sub", "ann", "--join", "team-*"],
        check=True,
        timeout=PATIENCE,
        capture_output=True,
        text=True,
    )
    with running("--token-key", f"{path}.pub") as server:
        text = made.stdout.strip()
        with open_socket(server, f"/broadcast/team-1?token={text}"):
            pass
        assert refused(server, f"/broadcast/other?token={text}").status_code == 403


# -- proxies


def test_a_rebound_name(server: RunningServer) -> None:
    """A page whose name was pointed at loopback is refused; a local name is not."""
    for host, status in (("evil.example", 403), ("localhost", 101)):
        name = f"{host}:{server.port}"
        head = (
            f"GET /broadcast/a HTTP/1.1\r\nHost: {name}\r\nOrigin: http://{name}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        with socket.create_connection((server.host, server.port), timeout=PATIENCE) as client:
            client.sendall(head.encode())
            assert client.recv(100).startswith(f"HTTP/1.1 {status} ".encode())


def test_the_proxy_protocol() -> None:
    """`haproxy:` takes the client's address from a PROXY line, and the log shows it."""
    with running(listen="haproxy:tcp:0:interface=127.0.0.1") as server:
        with socket.create_connection((server.host, server.port), timeout=PATIENCE) as client:
            client.sendall(b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 80\r\n")
            client.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 400 ")
        server.process.wait_for(re.compile(r"refused 203\.0\.113\.7:4711: "))


NGINX = """
daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
}}
"""


def test_nginx_as_a_trusted_proxy(tmp_path: Path) -> None:
    """The page's own origin passes although nginx sends its upstream's name as Host."""
    with running("--proxy", "127.0.0.1") as server:
        port = free_port()
        (tmp_path / "nginx.conf").write_text(
            NGINX.format(folder=tmp_path, port=port, upstream=server.port)
        )
        nginx = Process.start("nginx", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path))
        try:
            wait_until_open(port)
            proxied = RunningServer(server.process, "127.0.0.1", port)
            forged = {"X-Forwarded-For": "198.51.100.1"}
            with open_socket(
                proxied, "/broadcast/a", origin=own(proxied), additional_headers=forged
            ) as client:
                client.send("hello")
                assert client.recv(timeout=PATIENCE) == "hello"
            foreign = refused(proxied, "/broadcast/a", origin="http://evil.example")
            assert foreign.status_code == 403
            # nginx lets a client's own Forwarded through.
            two = refused(proxied, "/", additional_headers={"Forwarded": "for=198.51.100.1"})
            assert two.status_code == 400
        finally:
            nginx.end()


def test_twistd_survives_sighup(server: RunningServer) -> None:
    """Without keys or certificates too."""
    server.process.signal(signal.SIGHUP)
    server.process.wait_for(READ_AGAIN)
    with open_socket(server, "/echo") as echo:
        echo.send("a")
        assert echo.recv(timeout=PATIENCE) == "a"
