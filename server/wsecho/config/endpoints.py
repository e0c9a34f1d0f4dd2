# SPDX-License-Identifier: MIT
"""Where to listen, as people write it: `127.0.0.1:8080`, or an endpoint string of Twisted's.

What Twisted's own parsers make of a mistake is what Python says of a wrong call. So each kind is
written down here with its parts, and each part is looked at before Twisted sees it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from attrs import frozen

from wsecho.config.near import nearest

MAX_UNIX_PATH: Final = 107
"""Octets of a Unix socket's path: Linux's `sun_path` has 108, with a NUL at its end (unix(7))."""

_MAX_PORT: Final = 65535
# Of C's int, which listen(2) takes and which numbers descriptors.
_MAX_INT: Final = (1 << 31) - 1
# Some more than any needs; Python, and so Twisted, refuses to read thousands of them.
_DIGITS: Final = re.compile(r"[0-9]{1,20}")
_MANY: Final = "such as 127.0.0.1:8080, :8080 (every address) or unix:/run/wsecho.sock"
_TOKEN: Final = re.compile(r"(?P<sign>[:=])|(?P<text>(?:\\.|[^:=\\])+)|(?P<bad>\\)", re.DOTALL)
_HOST_AND_PORT: Final = re.compile(r"(\[[^\]]*\]|[^:=\\/\[\]]*):([^:=\\/]*)")
_IPV6_AND_PORT: Final = re.compile(r"(?:[0-9a-fA-F]*:){2,}[0-9]{4,}")
_IP_AND_MORE: Final = re.compile(r"(?:[0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]+:")
_URL: Final = re.compile(r"(?:https?|wss?)://([^/]*).*")

Check = Callable[[str], None]
"""Looks at one part; raises ValueError with what is wrong with it."""


@frozen
class Kind:
    """A kind of endpoint.

    Attributes:
        parts: its parameters in the order of Twisted's parser, with what looks at each.
        example: a right one.
        needed: how many of the parts must be there.
    """

    parts: Mapping[str, Check]
    example: str
    needed: int = 1


def read_endpoint(text: str) -> str:
    """Return the endpoint string for Twisted.

    Args:
        text: that, or a short form.

    Raises:
        ValueError: it is neither; one line names the part at fault and shows a right one.
    """
    text = text.strip(" ")
    if not text:
        raise ValueError(f"it is empty: give where to listen, {_MANY}")
    if not text.isprintable():
        raise ValueError(f"it has characters that cannot be seen: give it {_MANY}")
    if text.startswith(_PROXIED):
        return _PROXIED + _read_proxied(text.removeprefix(_PROXIED))
    return _short(text) or _full(text)


def _read_proxied(text: str) -> str:
    example = f"give {_PROXIED}tcp:8080"
    if re.match(r"[a-z0-9]+\\:", text):
        kind = text.partition("\\")[0]
        raise ValueError(
            f"behind haproxy: no colon has a backslash before it: give {_PROXIED}"
            f"{_example(kind) if kind in _KINDS else 'tcp:8080'}"
        )
    if not text:
        raise ValueError(f"behind haproxy: an endpoint is missing: {example}")
    if text.startswith(_PROXIED):
        raise ValueError(f"haproxy: stands twice: {example}")
    return read_endpoint(text)


def _short(text: str) -> str | None:
    """Read a port, or an address with one; None for what looks like neither."""
    if text.isdecimal():
        return f"tcp:{_port(text)}"
    url = _URL.fullmatch(text)
    if url is not None:
        raise ValueError(f"that is where a browser goes; give where to listen, {_MANY}")
    if text.startswith(("/", "./", "~/")):
        raise ValueError(f"a Unix socket's path has unix: before it: give unix:{text}")
    if text.count(":") > 2 and "[" not in text and _IPV6_AND_PORT.fullmatch(text):  # noqa: PLR2004
        host, _, port = text.rpartition(":")
        raise ValueError(f"an IPv6 address stands in brackets: give [{host}]:{port}")
    address = _address(text.strip("[]"))
    if address is not None:
        name = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        raise ValueError(f"the port is missing: give {name}:8080")
    if _IP_AND_MORE.match(text):
        first, _, rest = text.rpartition(":")
        raise ValueError(f"behind the port there is {rest}: give {first}")
    if text == "localhost":
        raise ValueError("the port is missing: give localhost:8080")
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        return None
    return _host_and_port(match[1], match[2])


def _host_and_port(host: str, port: str) -> str | None:
    if host.startswith("["):
        address = _address(host[1:-1])
        if not isinstance(address, IPv6Address):
            raise ValueError(f"{host} is no IPv6 address in brackets: give one such as [::1]:8080")
        escaped = str(address).replace(":", r"\:")
        return f"tcp6:{_port(port, f'{host}:')}:interface={escaped}"
    if host in {"", "*"}:
        return f"tcp:{_port(port, ':')}"
    if host == "localhost" or "." in host:
        if host.replace(".", "").isdecimal() and _address(host) is None:
            raise ValueError(f"{host} is no IPv4 address: give one such as 127.0.0.1:8080")
        return f"tcp:{_port(port, f'{host}:')}:interface={host}"
    return None


def _port(text: str, before: str = "") -> str:
    try:
        _is_port(text)
    except ValueError as error:
        raise ValueError(f"{error}: give {before}8080") from None
    return text


def _full(text: str) -> str:
    """See that an endpoint string is one; return it as it is."""
    if re.search(r"=[^:=]*::", text):
        raise ValueError("a colon within a part has a backslash before it: give [::1]:8080")
    (name, kind), *words = _split(text)
    if name or kind not in _KINDS:
        _check_others(name or kind)
        return text
    rule = _KINDS[kind]
    try:
        _check_parts(kind, rule, _bind(kind, list(rule.parts), words))
    except ValueError as error:
        raise ValueError(f"{error}: give one such as {rule.example}") from None
    return text


def _check_parts(kind: str, rule: Kind, parts: Mapping[str, str]) -> None:
    for name in list(rule.parts)[: rule.needed]:
        if not parts.get(name):
            raise ValueError(f"the {name} is missing")
    for name, value in parts.items():
        rule.parts[name](value)
    if kind == "systemd" and ("index" in parts) == ("name" in parts):
        raise ValueError("either index or name says which socket is meant")


def _bind(kind: str, names: list[str], words: list[tuple[str, str]]) -> dict[str, str]:
    """Return the parts by name, as Twisted's parser would take them.

    Raises:
        ValueError: one has a name that is none, stands twice, or is too much.
    """
    given = [value for name, value in words if not name]
    if len(given) > len(names):
        raise ValueError(f"{given[len(names)]} is one part too many for {kind}")
    parts = dict(zip(names, given, strict=False))
    for name, value in words:
        if not name:
            continue
        if name not in names:
            meant = nearest(name, names) or f"{', '.join(names[:-1])} or {names[-1]}"
            raise ValueError(f"{kind} has no part {name}=, but {meant}")
        if name in parts:
            raise ValueError(f"its {name} stands twice")
        parts[name] = value
    return parts


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parts between colons, each with its name, which is empty where it has none."""
    name, value = "", ""
    for token in _TOKEN.finditer(text):
        if token["bad"]:
            raise ValueError("it ends with a backslash, which stands before a colon: \\:")
        if token["sign"] == ":":
            yield name, value
            name, value = "", ""
        elif token["sign"] and not name:
            name, value = value, ""
        else:
            value += token["sign"] or re.sub(r"\\(.)", r"\1", token["text"])
    yield name, value


def _check_others(kind: str) -> None:
    """Let pass what a plugin of Twisted's can read."""
    from twisted.internet.interfaces import IStreamServerEndpointStringParser  # noqa: PLC0415
    from twisted.plugin import getPlugins  # noqa: PLC0415  # it looks through all folders

    known = [*_KINDS, "haproxy"]
    if any(plugin.prefix == kind for plugin in getPlugins(IStreamServerEndpointStringParser)):
        return
    meant = nearest(kind, known)
    right = _MANY if meant is None else f"such as {_example(meant)}"
    raise ValueError(
        f"{kind or '='} is neither an address nor a kind of endpoint: give one {right}"
    )


def _example(kind: str) -> str:
    return _KINDS[kind].example if kind in _KINDS else f"{_PROXIED}tcp:8080"


# -- what a part may be


def _is_port(text: str) -> None:
    if not text:
        raise ValueError("the port is missing")
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"{text} is no port: that is a number from 1 to {_MAX_PORT}")
    if int(text) > _MAX_PORT:
        raise ValueError(f"port {text} is over {_MAX_PORT}, the last there is")


def _is_count(text: str) -> None:
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"backlog {text} is no number")
    if int(text) > _MAX_INT:
        raise ValueError(f"backlog {text} is over {_MAX_INT}")


def _is_address(text: str) -> None:
    if isinstance(_address(text), IPv6Address):
        raise ValueError(f"{text} is an IPv6 address, which is for tcp6")  # noqa: TRY004


def _is_address6(text: str) -> None:
    if isinstance(_address(text), IPv4Address):
        raise ValueError(f"{text} is an IPv4 address, which is for tcp")  # noqa: TRY004


def _is_path(text: str) -> None:
    length = len(text.encode(errors="surrogateescape"))
    if length > MAX_UNIX_PATH:
        raise ValueError(
            f"the path has {length} octets, but a Unix socket's has {MAX_UNIX_PATH} at most"
        )


def _is_mode(text: str) -> None:
    if not re.fullmatch(r"[0-7]{3,4}", text):
        raise ValueError(f"mode {text} is none: that is three octal digits")


def _is_flag(text: str) -> None:
    if text not in {"0", "1"}:
        raise ValueError(f"lockfile {text} is neither 1 nor 0")


def _is_family(text: str) -> None:
    if text not in {"INET", "INET6", "UNIX"}:
        raise ValueError(f"domain {text} is neither INET nor INET6 nor UNIX")


def _is_index(text: str) -> None:
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"index {text} is no number")
    if int(text) > _MAX_INT:
        raise ValueError(f"index {text} is over {_MAX_INT}")


def _is_anything(_text: str) -> None:
    """Leave it to whoever opens it."""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


_PROXIED: Final = "haproxy:"
_KINDS: Final[Mapping[str, Kind]] = {
    "tcp": Kind(
        {"port": _is_port, "interface": _is_address, "backlog": _is_count},
        "tcp:8080:interface=127.0.0.1",
    ),
    "tcp6": Kind(
        {"port": _is_port, "backlog": _is_count, "interface": _is_address6},
        r"tcp6:8080:interface=\:\:1",
    ),
    "unix": Kind(
        {"address": _is_path, "mode": _is_mode, "backlog": _is_count, "lockfile": _is_flag},
        "unix:/run/wsecho.sock:mode=660",
    ),
    "ssl": Kind(
        {
            "port": _is_port,
            "privateKey": _is_anything,
            "certKey": _is_anything,
            "sslmethod": _is_anything,
            "interface": _is_anything,
            "backlog": _is_count,
            "extraCertChain": _is_anything,
            "dhParameters": _is_anything,
        },
        "ssl:443:privateKey=key.pem:certKey=cert.pem",
    ),
    "tls": Kind(
        {
            "path": _is_anything,
            "port": _is_port,
            "backlog": _is_count,
            "interface": _is_anything,
        },
        "tls:/etc/wsecho/certificates:443",
    ),
    "systemd": Kind(
        {"domain": _is_family, "index": _is_index, "name": _is_anything},
        "systemd:domain=INET:index=0",
    ),
}
