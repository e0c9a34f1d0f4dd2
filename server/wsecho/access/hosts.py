# SPDX-License-Identifier: MIT
"""Against DNS rebinding: a page whose name was pointed at loopback after it was loaded.

To such a page's browser this server is the page's own, so the test of origins lets it pass. What
it cannot hide is the name: its requests say `Host: evil.example`.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import frozen

from wsecho.access.proxies import Sender, host_address
from wsecho.core.wire.errors import Forbidden


def _never() -> bool:
    return False


@frozen
class Hosts:
    """The names that this server goes by.

    Args:
        patterns: globs over names that are not local, without ports.
        is_guarded: tells whether the guard is needed: only loopback is listened on, without tokens.
    """

    patterns: tuple[str, ...] = ()
    is_guarded: Callable[[], bool] = _never

    def check(self, origin: str | None, sender: Sender, *, is_websocket: bool) -> None:
        """Let a request pass.

        Args:
            origin: `Origin`, None where it is not there.
            sender: who sent it, to which host.
            is_websocket: whether a WebSocket is asked for. A page's always has an `Origin`, but a
                GET to what its browser takes for its own has none (Fetch standard, 3.2).

        Raises:
            Forbidden: the page may be one that rebinds; the reason says what would allow it.
        """
        is_page = origin is not None or not (is_websocket or sender.host is None)
        # No browser opens a Unix socket, whose peer has no address.
        is_exempt = not is_page or sender.by_proxy or host_address(sender.address) is None
        if is_exempt or not self.is_guarded():
            return
        name = host_name(sender.host)
        if name is None or not (is_local(name) or self._names(name)):
            raise Forbidden(
                f"the Host {sender.host!r} is not local, as if a page had rebound its name: allow "
                "it with --host, or name the proxy that passes it on with --proxy"
            )

    def _names(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)


def host_name(host: str | None) -> str | None:
    """Return the name in a `Host`, lower-case, without port and brackets; None for none."""
    try:
        return urlsplit(f"//{host}").hostname if host else None
    except ValueError:
        return None


def is_local(name: str) -> bool:
    """Tell whether a name is always this very machine (RFC 6761 section 6.3)."""
    if name.rstrip(".") == "localhost" or name.rstrip(".").endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
