# SPDX-License-Identifier: MIT
"""Why there is no listening: what the system says, in words that help."""

import errno
import os
import socket
from pathlib import Path

import pytest
from twisted.internet.error import CannotListenError

from tests.support.certificates import write_certificate
from wsecho.app.cannot_listen import why_not


def refusal(number: int, port: int | str = 80, interface: str = "x") -> CannotListenError:
    """What Twisted raises where the system refuses."""
    return CannotListenError(interface, port, OSError(number, os.strerror(number)))


@pytest.mark.parametrize(
    ("endpoint", "error", "answer"),
    [
        ("tcp:80", refusal(errno.EADDRINUSE), "port 80 is taken by another program"),
        ("tcp:80", refusal(errno.EACCES), "port 80 is for who may take ports below 1024"),
        ("tcp:80", refusal(errno.EADDRNOTAVAIL, 80, "1.2.3.4"), "1.2.3.4 is no address of this"),
        ("tcp6:80", refusal(errno.EAFNOSUPPORT), "this machine has no IPv6"),
        ("tcp:80", refusal(errno.ENOBUFS), os.strerror(errno.ENOBUFS)),
        (
            "tcp:80:interface=no.host",
            CannotListenError("no.host", 80, socket.gaierror(-2, "Name or service not known")),
            "no.host is no address, and no name that is known here",
        ),
        ("unix:/a/x", CannotListenError(None, "/a/x", ValueError("a\nlock")), "a lock"),
        (
            "unix:/a/x",
            CannotListenError(None, "/a/x", ValueError("Cannot acquire lock")),
            "another program listens there, perhaps another wsecho (/a/x.lock)",
        ),
        ("unix:/a/x", refusal(errno.ENOENT), "there is no folder /a"),
        ("unix:/a/x", FileNotFoundError(errno.ENOENT, "No", "/a/x.lock"), "there is no folder /a"),
        (r"haproxy:unix:/a\:b/x", refusal(errno.ENOENT), "there is no folder /a:b"),
        ("unix:x", refusal(errno.EROFS), "nothing may be made in . (Read-only file system)"),
        ("unix:/a/b/x", refusal(errno.ENOTDIR), "/a/b is no folder"),
        ("unix:/a/x", refusal(errno.EADDRINUSE), "another program listens there"),
        ("ssl:1", FileNotFoundError(errno.ENOENT, "No such", "k.pem"), "k.pem: No such"),
        ("ssl:1", ImportError("OpenSSL"), "TLS needs what pip install 'wsecho[tls]' brings"),
        ("haproxy:tls:x", ImportError("OpenSSL"), "TLS needs what pip install 'wsecho[tls]' br"),
        ("ssl:1", ValueError("[('a', '', 'key values mismatch')]"), "the private key is not the"),
        ("ssl:1", ValueError("[('a', '', 'no start line')]"), "no PEM with a certificate and its"),
        ("ssl:1", ValueError("[]"), "no PEM with a certificate and its key"),
        ("tls:x:1", ValueError("there is no certificate"), "there is no certificate"),
        ("systemd:domain=INET:index=0", IndexError(), "systemd has given this process no sockets"),
        ("stdio:", ValueError("many\nlines"), "many lines"),
        ("stdio:", KeyError(), "KeyError"),
    ],
)
def test_one_line_says_what_is_wrong(
    endpoint: str, error: Exception, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the system, Twisted or OpenSSL has said."""
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    line = why_not(endpoint, error)
    assert answer in line
    assert "\n" not in line


def test_what_systemd_has_given_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is another than the one that is asked for."""
    monkeypatch.setenv("LISTEN_FDS", "2")
    assert "2 sockets (LISTEN_FDS), and not" in why_not("systemd:domain=INET:name=x", KeyError("x"))


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("bad", ["key.pem", "cert.pem", "chain.pem"])
def test_the_file_that_is_cut_off_is_named(tmp_path: Path, bad: str, kept: float) -> None:
    """Of all that an endpoint names: whoever renews certificates may be in the middle of it."""
    whole = write_certificate(tmp_path, 1, "whole.pem").read_text()
    for name in ("key.pem", "cert.pem", "chain.pem"):
        (tmp_path / name).write_text(whole)
    (tmp_path / bad).write_text(whole[: int(len(whole) * kept)])
    files = f"privateKey={tmp_path}/key.pem:certKey={tmp_path}/cert.pem"
    error = ValueError("[('DECODER routines', '', 'unsupported')]")
    line = why_not(f"ssl:1:{files}:extraCertChain={tmp_path}/chain.pem", error)
    assert line == f"{tmp_path}/{bad} is no PEM, or a part of it is missing"


@pytest.mark.parametrize("prefix", ["", "haproxy:"])
def test_the_file_of_a_folder_that_is_cut_off_is_named(tmp_path: Path, prefix: str) -> None:
    """And none that is whole."""
    whole = write_certificate(tmp_path, 1, "a.pem").read_text()
    (tmp_path / "b.pem").write_text(whole[:-9])
    error = ValueError("[('PEM routines', '', 'bad end line')]")
    line = why_not(f"{prefix}tls:{tmp_path}:1", error)
    assert line == f"{tmp_path}/b.pem is no PEM, or a part of it is missing"
    (tmp_path / "b.pem").unlink()
    assert "a file of it is no PEM" in why_not(f"{prefix}tls:{tmp_path}:1", error)
