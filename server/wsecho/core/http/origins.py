# SPDX-License-Identifier: MIT
"""Which web origins may reach rooms and WAMP (RFC 6454; RFC 6455 section 10.2)."""

from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

from wsecho.core.wire.errors import Forbidden

_NULL: Final = (
    "the origin null is anybody's (a page from a file, a sandboxed frame), so no --origin lets it "
    "in: load the page by HTTP"
)
_DEFAULT_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}


@frozen
class Origins:
    """The origins that may, beside the page's own.

    Args:
        patterns: globs over a whole origin, such as `https://*.example.org`.
    """

    patterns: tuple[str, ...] = ()

    def check(self, origin: str | None, host: str | None, fetch_site: str | None) -> None:
        """Let a request pass.

        Args:
            origin: `Origin`, None where it is not there: then no browser's page is asking.
            host: `Host`.
            fetch_site: `Sec-Fetch-Site`, which no page can set.

        Raises:
            Forbidden: another origin's page is asking; the reason says what would allow it.
        """
        if origin is None or fetch_site == "same-origin" or is_own(origin, host):
            return
        if origin == "null":
            raise Forbidden(_NULL)
        if not any(fnmatchcase(origin, pattern) for pattern in self.patterns):
            raise Forbidden(
                f"the origin {origin!r} is not the page's own ({host!r} is the Host): have the "
                f"proxy pass Host on, or allow it with --origin"
            )


def is_own(origin: str, host: str | None) -> bool:
    """Tell whether an origin's host and port are those that the request was sent to."""
    if host is None:
        return False
    try:
        parts = urlsplit(origin)
        port = _DEFAULT_PORTS.get(parts.scheme)
        if port is None or parts.hostname is None:
            return False
        own = urlsplit(f"//{host}")
        ports = parts.port or port, own.port or port
    except ValueError:
        return False
    return parts.hostname == own.hostname and ports[0] == ports[1]
