# SPDX-License-Identifier: MIT
"""Why there is no listening at an endpoint, in one line that says what to do."""

import errno
import os
import re
import socket
from pathlib import Path
from typing import Final

from twisted.internet.error import CannotListenError

_TLS: Final = re.compile(r"(?:haproxy:)?(?:ssl|tls):")
_PART: Final = re.compile(r"((?:\\.|[^:\\])+)")
_NAME: Final = re.compile(r"^(?:privateKey|certKey|extraCertChain)=")
_BLOCK: Final = re.compile(r"-----BEGIN ([^-]+)-----.*?-----END \1-----", re.DOTALL)
# Of PKCS 8, and of OpenSSL's own older form.
_PROTECTED: Final = re.compile(r"-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED", re.MULTILINE)
_SYSTEMD: Final = re.compile(r"(?:haproxy:)?systemd:")
_UNIX: Final = re.compile(r"(?:haproxy:)?unix:((?:\\.|[^:\\])*)", re.DOTALL)
_FIRST_FREE_PORT: Final = 1024
_IS_TAKEN: Final = "another program listens there, perhaps another wsecho"


def why_not(endpoint: str, error: BaseException | None) -> str:
    """Say why listening at an endpoint has failed.

    Args:
        endpoint: its string for Twisted.
        error: what came of it.
    """
    if isinstance(error, CannotListenError):
        return f"cannot listen there: {_of_socket(endpoint, error)}"
    if isinstance(error, OSError):
        return _of_system(endpoint, error)
    if _SYSTEMD.match(endpoint) and isinstance(error, IndexError | KeyError):
        return _of_systemd()
    text = " ".join(str(error).split())
    if _TLS.match(endpoint):
        return _of_tls(endpoint, text, error)
    return text or type(error).__name__


def refuse_passwords(endpoint: str) -> None:
    """See that no file of an endpoint with TLS has a password: OpenSSL would ask the terminal.

    Args:
        endpoint: its string for Twisted.

    Raises:
        ValueError: one has; the text says what to do.
    """
    for path in _files(endpoint):
        if _PROTECTED.search(_text_of(path)):
            raise ValueError(
                f"{path} has a password, which nobody is there to type: take it off, "
                f"as openssl pkey -in {path} does"
            )


def _of_systemd() -> str:
    given = os.environ.get("LISTEN_FDS", "")
    return (
        f"systemd has given this process {f'{given} sockets' if given else 'no sockets'} "
        "(LISTEN_FDS), and not this one: start it by a socket unit, or give 127.0.0.1:8080"
    )


def _of_tls(endpoint: str, text: str, error: BaseException | None) -> str:
    if isinstance(error, ImportError | AttributeError | TypeError):
        return "TLS needs what pip install 'wsecho[tls]' brings"
    # OpenSSL's reasons: [('x509 certificate routines', '', 'key values mismatch')].
    reasons = [one for one in re.findall(r"'([^']*)'", text) if one]
    if reasons[-1:] == ["key values mismatch"]:
        return "the private key is not the certificate's own"
    if reasons or text in {"", "[]"}:
        for path in _files(endpoint):
            if not _is_whole(path):
                return f"{path} is no PEM, or a part of it is missing"
        why = f" ({reasons[-1]})" if reasons else ""
        return f"a file of it is no PEM with a certificate and its key{why}"
    return text


def _files(endpoint: str) -> list[Path]:
    """Return the files that an endpoint with TLS names, those of its folder too."""
    if not _TLS.match(endpoint):
        return []
    kind, *more = _PART.findall(endpoint.removeprefix("haproxy:"))
    # The first two of `ssl:` may stand there without their names.
    named = more[:1] if kind == "tls" else [_NAME.sub("", part) for part in more[1:]]
    found = [Path(re.sub(r"\\(.)", r"\1", name)) for name in named if "=" not in name]
    return [file for path in found for file in (sorted(path.glob("*.pem")) or [path])]


def _is_whole(path: Path) -> bool:
    text = _text_of(path)
    return text.count("-----BEGIN ") == len(_BLOCK.findall(text)) > 0


def _text_of(path: Path) -> str:
    """Return what is in a file; nothing of one that cannot be read, which others will tell of."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _of_socket(endpoint: str, error: CannotListenError) -> str:
    reason = error.socketError
    if isinstance(reason, socket.gaierror):
        return f"{error.interface} is no address, and no name that is known here"
    if not isinstance(reason, OSError):
        # Twisted's own lock beside the socket, whose owner lives.
        if str(reason) == "Cannot acquire lock":
            return f"{_IS_TAKEN} ({error.port}.lock)"
        return " ".join(str(reason).split())
    if _UNIX.match(endpoint):
        return _of_system(endpoint, reason)
    port = error.port
    reasons = {
        errno.EADDRINUSE: f"port {port} is taken by another program, perhaps another wsecho: "
        "end that, or give another port",
        errno.EADDRNOTAVAIL: f"{error.interface} is no address of this machine: give one that "
        f"is, or :{port} for all",
        errno.EACCES: f"port {port} is for who may take ports below {_FIRST_FREE_PORT} "
        "(CAP_NET_BIND_SERVICE): give a higher one, such as :8080",
        errno.EAFNOSUPPORT: "this machine has no IPv6: give an IPv4 address, such as "
        "127.0.0.1:8080",
    }
    return reasons.get(reason.errno or 0) or reason.strerror or str(reason)


def _of_system(endpoint: str, error: OSError) -> str:
    """Say what the system refuses: a Unix socket's place, or a file of a certificate."""
    path = _UNIX.match(endpoint)
    if path is None:
        named = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return f"{named}{error.strerror or error}"
    folder = os.path.dirname(re.sub(r"\\(.)", r"\1", path[1])) or "."  # noqa: PTH120
    refused = f"nothing may be made in {folder} ({error.strerror}): give another path"
    reasons = {
        errno.ENOENT: f"there is no folder {folder}: make it, or give another path",
        errno.ENOTDIR: f"{folder} is no folder: give another path",
        errno.EACCES: refused,
        errno.EROFS: refused,
        errno.EADDRINUSE: f"{_IS_TAKEN}, or there is a file that is no socket",
    }
    return reasons.get(error.errno or 0) or error.strerror or str(error)
