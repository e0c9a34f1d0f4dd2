# SPDX-License-Identifier: MIT
"""Where Redis is: `--redis URL`.

::

    redis://[[user]:password@]host[:6379][/database]
    rediss://…                                            the same with TLS, verified
    unix://[[user]:password@]/path/to/redis.sock[?db=0]
    redis+sentinel://[[user]:password@]host[:26379][,host[:26379]…]/master[/database]
    rediss+sentinel://…
"""

from __future__ import annotations

from typing import Final, Self
from urllib.parse import parse_qs, unquote

from attrs import field, frozen

_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_MAX_DATABASES: Final = 1 << 20
_FORMS: Final = (
    "redis://HOST:PORT/DATABASE, rediss://…, unix:///PATH?db=DATABASE or "
    "redis+sentinel://HOST:PORT,HOST:PORT/MASTER/DATABASE, with USER:PASSWORD@ before the host"
)
_SCHEMES: Final = {"redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel"}


@frozen
class RedisAddress:
    """Where Redis is, and as whom it is spoken to.

    Attributes:
        hosts: its host and port; of the sentinels, where there are such; empty for a Unix socket.
        path: the Unix socket's path, empty for none.
        master: the name by which sentinels know it, empty where it is asked for directly.
        database: its number.
        user: who signs in.
        password: None where nobody does.
        is_tls: whether the connection is encrypted and the host's certificate verified.
    """

    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    master: str = ""
    database: int = 0
    user: str = "default"
    password: str | None = field(default=None, repr=False)
    is_tls: bool = False

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL.

        Raises:
            ValueError: it is none of the forms; the text does not repeat it, for its password.
        """
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in _SCHEMES:
            raise ValueError(f"not of the form {_FORMS}")
        login, at, rest = rest.rpartition("@")
        user, _, password = login.partition(":")
        who = (unquote(user) or "default", unquote(password) if at else None)
        if scheme == "unix":
            return cls._unix(rest, *who)
        hosts, _, path = rest.partition("/")
        parts = [unquote(part) for part in path.split("/") if part]
        master = ""
        if scheme.endswith("+sentinel"):
            if not parts:
                raise ValueError("names no master behind the sentinels, as in …/mymaster/0")
            master = parts.pop(0)
        if len(parts) > 1:
            raise ValueError("has more behind its host than a database's number")
        port = _SENTINEL_PORT if master else _PORT
        read = tuple(_host(host, port) for host in hosts.split(","))
        if not master and len(read) > 1:
            raise ValueError("names several hosts; that is for redis+sentinel://")
        return cls(read, "", master, _database(parts), *who, scheme.startswith("rediss"))

    @classmethod
    def _unix(cls, rest: str, user: str, password: str | None) -> Self:
        path, _, query = rest.partition("?")
        if not path.startswith("/"):
            raise ValueError("names no absolute path of a socket, as in unix:///run/redis.sock")
        return cls((), unquote(path), "", _database(parse_qs(query).get("db", [])), user, password)

    def __str__(self) -> str:
        """Write it for people: without its password."""
        if self.path:
            return f"unix://{self.path}?db={self.database}"
        tls = "rediss" if self.is_tls else "redis"
        hosts = ",".join(f"[{h}]:{p}" if ":" in h else f"{h}:{p}" for h, p in self.hosts)
        if self.master:
            return f"{tls}+sentinel://{hosts}/{self.master}/{self.database}"
        return f"{tls}://{hosts}/{self.database}"


def _host(text: str, default: int) -> tuple[str, int]:
    host, bracket, after = text.rpartition("]")
    if bracket:
        host, after = host.removeprefix("["), after.removeprefix(":")
    else:
        host, _, after = text.partition(":")
    if not host:
        raise ValueError("names no host")
    if after and not (after.isascii() and after.isdigit() and 0 < int(after) < 1 << 16):
        raise ValueError("has a port that is no number from 1 to 65535")
    return unquote(host), int(after) if after else default


def _database(parts: list[str]) -> int:
    if not parts:
        return 0
    text = parts[0]
    if not (text.isascii() and text.isdigit()) or int(text) > _MAX_DATABASES:
        raise ValueError("has a database that is no number")
    return int(text)
