# SPDX-License-Identifier: MIT
"""How an option's text becomes its value, each with one clear complaint."""

import math
import os
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final, Literal

from wsecho.bus.redis.client.address import RedisAddress
from wsecho.config.endpoints import read_endpoint
from wsecho.config.errors import UnusableError, shown
from wsecho.config.near import did_you_mean
from wsecho.core.limits.rates import OverRatePolicy
from wsecho.core.limits.slowness import POLICIES, SlowRule
from wsecho.core.wire import nodes
from wsecho.core.wire.globs import check_glob
from wsecho.router.wire.uris import is_uri
from wsecho.webhooks.url import WebhookUrl

# What people type, and no more of what Python takes for a number: neither the digits of other
# scripts, nor `1_0`, `1e3` or `inf`.
# No longer than the largest, as Python refuses to read thousands of digits.
_WHOLE: Final = re.compile(r"[ \t]*0*([0-9]{1,13})[ \t]*")
_DECIMAL: Final = re.compile(r"[ \t]*([0-9]+\.?[0-9]*|\.[0-9]+)[ \t]*")
_SIZE: Final = re.compile(
    r"[ \t]*([0-9]+)[ \t]*(|b|k|kb|kib|m|mb|mib|g|gb|gib)[ \t]*", re.IGNORECASE | re.ASCII
)
_ORIGIN: Final = re.compile(r"\*|[a-z*][a-z0-9+.*-]*://[^/\s]+")
_APP: Final = re.compile(r"(?!\d)\w+(\.(?!\d)\w+)*:(?!\d)\w+(\.(?!\d)\w+)*")
# RFC 9110 section 5.6.2
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HOST: Final = re.compile(r"[a-zA-Z0-9*?.\[\]:_-]+")
_UNITS: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
# A frame's length has 63 bits (RFC 6455 section 5.2); no buffer of ours comes near.
_LARGEST: Final = 1 << 40
_BITS: Final = 64
"""Of the longest integer of TOML (v1.0.0, "Integer"); Python reads longer ones."""

TOO_LONG: Final = f"a number has more than {_BITS} bits"

_MAPPED_BITS: Final = 96
"""Bits before an IPv4 address in an IPv6 one."""


def is_too_long(value: Any) -> bool:
    """Tell whether a number in a file, or in a list or table there, is longer than TOML's are."""
    if isinstance(value, list | dict):
        return any(map(is_too_long, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and value.bit_length() > _BITS


def size(value: Any) -> int:
    """Read a number of bytes: `65536`, `64KiB`, `16M`; all units are powers of 1024.

    Raises:
        ValueError: it is none, or not positive.
    """
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    unit = _UNITS[match[2][:1].lower()] if match else 1
    number = _whole(match[1] if match else value)
    if not number or number * unit > _LARGEST:
        raise ValueError("not a size: give bytes above 0, such as 65536, 64KiB or 16MiB")
    return number * unit


def size_or_any(value: Any) -> int:
    """Read a number of bytes; 0 means any number.

    Raises:
        ValueError: it is none.
    """
    return 0 if _number(value) == 0 else size(value)


def _numbers(what: str, hint: str, *, zero: bool) -> Callable[[Any], float]:
    """Make a reader of numbers, none of them huge; `zero` says whether 0 is one of them."""

    def read(value: Any) -> float:
        number = _number(value)
        if not 0 <= number <= _LARGEST or (number == 0 and not zero):
            raise ValueError(f"not a {what}: give {hint}")
        return number

    return read


def _wholes(hint: str, *, zero: bool) -> Callable[[Any], int]:
    """Make a reader of whole numbers; `zero` says whether 0 is one of them."""

    def read(value: Any) -> int:
        number = _whole(value)
        if number is None or (number == 0 and not zero):
            raise ValueError(f"not a number: give {hint}")
        return number

    return read


seconds: Final = _numbers("time", "seconds above 0, such as 10 or 2.5", zero=False)
"""Read a time in seconds above 0."""

seconds_or_never: Final = _numbers("time", "seconds, such as 30; 0 means never", zero=True)
"""Read a time in seconds; 0 means never."""

leeway: Final = _numbers("time", "seconds, such as 30; 0 means none", zero=True)
"""Read how much clocks may differ, in seconds."""

rate: Final = _numbers("rate", "a number per second, such as 50; 0 means any number", zero=True)
"""Read how often something may happen per second; 0 means any number of times."""

count: Final = _wholes("a whole one above 0, such as 1000", zero=False)
"""Read how many of something there may be."""

count_or_any: Final = _wholes("a whole one, such as 1000; 0 means any number", zero=True)
"""Read how many of something there may be; 0 means any number."""

count_or_none: Final = _wholes("a whole one, such as 1000; 0 means none", zero=True)
"""Read how many of something are kept; 0 means none."""


def slow_rule(value: Any) -> SlowRule:
    """Read `POLICY` or `GLOB=POLICY`.

    Raises:
        ValueError: there is no such policy, or no such glob.
    """
    glob, _, policy = str(value).rpartition("=")
    for known in POLICIES:
        if policy == known and (glob or "=" not in str(value)):
            return SlowRule(check_glob(glob or "*"), known)
    raise ValueError("give close, skip or latest, or one for some rooms, such as 'prices.*=latest'")


def _one_of(*known: str) -> Callable[[Any], str]:
    """Make a reader of one of some words."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise _none_of(value, *known)
        return value

    return read


slow_policy: Final = _one_of(*POLICIES)
"""Read what becomes of readers that are too slow."""

publishers: Final = _one_of("clients", "server")
"""Read who may publish in a room."""

on_or_off: Final = _one_of("on", "off")
"""Read whether there is something."""


def words(*known: str) -> Callable[[Any], frozenset[str]]:
    """Make a reader of a list of words, or of a single one."""
    read_one = _one_of(*known)

    def read(value: Any) -> frozenset[str]:
        return frozenset(map(read_one, value if isinstance(value, list) else [value]))

    return read


def over_rate(value: Any) -> OverRatePolicy:
    """Read what becomes of a connection that sends too fast.

    Raises:
        ValueError: it is neither `close` nor `drop`.
    """
    if value == "close":
        return "close"
    if value == "drop":
        return "drop"
    raise _none_of(value, "close", "drop")


def host(value: Any) -> str:
    """Read a glob over host names, without a port.

    Raises:
        ValueError: no host could ever match it.
    """
    if not isinstance(value, str) or not _HOST.fullmatch(value):
        raise ValueError("not a host: give a name such as wsecho.test or '*.test', without a port")
    return value.lower()


def proxy(value: Any) -> IPv4Network | IPv6Network | Literal["unix"]:
    """Read an address or a network of proxies, or that they come by a Unix socket.

    Raises:
        ValueError: it is none.
    """
    if str(value) == "unix":
        return "unix"
    try:
        network = ip_network(str(value))
    except ValueError:
        raise ValueError("not a network: give one such as 10.0.0.0/8, or unix") from None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    # As such addresses are taken for IPv4's, too.
    return IPv4Network(f"{mapped}/{network.prefixlen - _MAPPED_BITS}")


def path(value: Any) -> Path:
    """Read the path of a file.

    Raises:
        ValueError: it is none.
        UnusableError: it cannot be read.
    """
    file = _expanded(value)
    try:
        with file.open("rb"):
            return file
    except OSError as error:
        raise UnusableError(error.strerror or "it cannot be read") from None


def template(value: Any) -> bytes:
    """Read a reply's template.

    Raises:
        ValueError: it does not say where the text goes.
    """
    if not isinstance(value, str) or "{data}" not in value:
        raise ValueError("a reply needs {data} where the text goes, such as 'You said: {data}'")
    return value.encode()


def path_to_write(value: Any) -> Path:
    """Read the path of a file that is going to be written.

    Raises:
        ValueError: it is none, or a folder.
        UnusableError: the folder of the file is missing, or this user may not write there.
    """
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("not a path: give one such as /var/log/wsecho.log")
    file = _expanded(value)
    if file.is_dir():
        raise UnusableError("it is a folder; give a file in it")
    if not file.parent.is_dir():
        raise UnusableError(f"there is no folder {file.parent}")
    written = file if file.exists() else file.parent
    if not os.access(written, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        what = "write it" if written is file else f"make a file in {written}"
        raise UnusableError(f"the user that runs this may not {what}")
    return file


def endpoint(value: Any) -> str:
    """Read where to listen.

    Raises:
        ValueError: it is nowhere; the text names the part at fault.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("not an endpoint: give one such as 127.0.0.1:8080")  # noqa: TRY004
    return read_endpoint(str(value))


def address(value: Any) -> nodes.NodeAddress:
    """Read `HOST:PORT`.

    Raises:
        ValueError: it is none.
    """
    return nodes.parse_address(str(value))


def origin(value: Any) -> str:
    """Read a glob over web origins.

    Raises:
        ValueError: no origin could ever match it.
    """
    if value == "null":
        # RFC 6454 section 7.3; every sandboxed frame and every file on a disk says so.
        raise ValueError("null is the origin of anybody: a page that says so is always foreign")
    text = str(value)
    if _ORIGIN.fullmatch(text):
        scheme, _, port = text.partition("://")[0], *text.rpartition(":")[1:]
        if (scheme, port) in {("https", "443"), ("http", "80")}:
            bare = text.rpartition(":")[0]
            raise ValueError(f"browsers leave the port {port} of {scheme} away: give {bare}")
        return text
    bare = text.rstrip("/")
    if bare != text and _ORIGIN.fullmatch(bare):
        raise ValueError(f"an origin has no slash at its end: give {bare}")
    match = _ORIGIN.match(text)
    if match and text[match.end()] == "/":
        raise ValueError(f"an origin ends before the path: give {match[0]}")
    if _HOST.fullmatch(text):
        raise ValueError(f"an origin begins with a scheme: give https://{text}, or http://{text}")
    lower = text.lower()
    if lower != text and _ORIGIN.fullmatch(lower):
        raise ValueError(f"browsers write schemes small: give {lower}")
    raise ValueError("not an origin: give one such as https://example.org or 'https://*.org'")


def name(value: Any) -> str:
    """Read a name as it stands in a token; it may be a URI.

    Raises:
        ValueError: it is nothing.
    """
    if not isinstance(value, str) or not value:
        raise ValueError("not a name: give one such as https://chat.example.org")
    return value


def app(value: Any) -> str:
    """Read which object of which module is an application.

    Raises:
        ValueError: it is no MODULE:OBJECT.
    """
    if not isinstance(value, str) or not _APP.fullmatch(value):
        raise ValueError("not a MODULE:OBJECT: give one such as chat:App")
    return value


def header(value: Any) -> str:
    """Read the name of a header field, in small letters.

    Raises:
        ValueError: no field has such a name.
    """
    if not isinstance(value, str) or not _HEADER.fullmatch(value):
        raise ValueError("not the name of a header: give one such as Cookie")
    return value.lower()


def realm(value: Any) -> str:
    """Read a realm's name.

    Raises:
        ValueError: it is no WAMP URI.
    """
    if not is_uri(value):
        raise ValueError("not a realm: give a WAMP URI such as realm1 or com.example")
    return str(value)


def page_folder(value: Any) -> Path:
    """Read the folder of the page.

    Raises:
        UnusableError: there is none, or it has no `index.html`.
    """
    folder = _expanded(value)
    if not folder.is_dir():
        raise UnusableError("no such folder")
    if not (folder / "index.html").is_file():
        raise UnusableError("there is no index.html in this folder")
    return folder.resolve()


def log_format(value: Any) -> str:
    """Read the form of the log.

    Raises:
        ValueError: it is neither `text` nor `json`.
    """
    if value not in {"text", "json"}:
        raise _none_of(value, "text", "json")
    return str(value)


def redis_url(value: Any) -> RedisAddress:
    """Read where Redis is.

    Raises:
        ValueError: it is no such URL; the text does not repeat it.
    """
    return RedisAddress.parse(str(value))


def webhook_url(value: Any) -> WebhookUrl:
    """Read where an application is reached.

    Raises:
        ValueError: it is no such URL; the text does not repeat it.
    """
    return WebhookUrl.parse(str(value))


def redis_prefix(value: Any) -> str:
    """Read what begins all names in Redis.

    Raises:
        ValueError: it would hide which shard a name belongs to, or is nothing.
    """
    text = str(value)
    if not re.fullmatch(r"[!-z|~]{1,100}", text):
        raise ValueError("not 1 to 100 visible ASCII characters without { and }")
    return text


def data_sync(value: Any) -> Literal["normal", "full"]:
    """Read what a message has to survive before it is acknowledged.

    Raises:
        ValueError: it is neither.
    """
    if value not in {"normal", "full"}:
        raise _none_of(value, "normal", "full")
    return "full" if value == "full" else "normal"


def folder_to_write(value: Any) -> Path:
    """Read the path of a folder that is made where there is none.

    Raises:
        ValueError: it is none.
        UnusableError: it is a file.
    """
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("not a path: give one such as /var/lib/wsecho")
    folder = _expanded(value)
    if folder.exists() and not folder.is_dir():
        raise UnusableError("it is no folder")
    return folder


def when_bus_down(value: Any) -> Literal["refuse", "local"]:
    """Read what becomes of messages while Redis is away.

    Raises:
        ValueError: it is neither.
    """
    if value not in {"refuse", "local"}:
        raise _none_of(value, "refuse", "local")
    return "local" if value == "local" else "refuse"


def _expanded(value: Any) -> Path:
    # As in a shell, `~name` is a file of that name where nobody is called so; pathlib raises.
    return Path(os.path.expanduser(str(value)))  # noqa: PTH111


def _none_of(value: Any, *known: str) -> ValueError:
    meant = did_you_mean(str(value), known)
    return ValueError(
        f"there is no {shown(value)}{meant}" if meant else f"give {' or '.join(known)}"
    )


def _number(value: Any) -> float:
    """Return a number, of a huge one that it is too large; NaN for what is none."""
    if isinstance(value, str):
        match = _DECIMAL.fullmatch(value)
        return math.nan if match is None else float(match[1])
    # What is a number in a file, TOML has told: there 1e3 is one.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(max(-1, min(value, _LARGEST + 1)))


def _whole(value: Any) -> int | None:
    """Return a whole number; None for what is none, or is larger than any of ours."""
    if isinstance(value, str):
        match = _WHOLE.fullmatch(value)
        value = None if match is None else int(match[1])
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _LARGEST else None
