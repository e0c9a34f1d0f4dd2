# SPDX-License-Identifier: MIT
"""Where the application is: the URL of `--ask` and of `--tell`."""

import re
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from attrs import field, frozen

_PORTS: Final = {"http": 80, "https": 443}
_FORM: Final = "give one such as http://127.0.0.1:8000/wsecho"
# What a URL is written with (RFC 3986 section 2); `urlsplit` drops some of the rest in silence.
_WRITTEN: Final = re.compile(r"[!-~]+")
# As names of the DNS are (RFC 1123 section 2.1), and an IPv4 address.
_LABEL: Final = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\.?")


@frozen
class WebhookUrl:
    """A URL that is posted to.

    Attributes:
        scheme: `http` or `https`.
        host: a name or an address, without brackets.
        port: its TCP port.
        path: where on it, for people.
        query: what stands behind the path's `?`; it may be secret, and is never shown.
    """

    scheme: str
    host: str
    port: int
    path: str = "/"
    query: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URL.

        Raises:
            ValueError: it is none that can be posted to; the text does not repeat it, for there
                may be a password in it.
        """
        if not _WRITTEN.fullmatch(text):
            raise ValueError(
                "it is no URL: those have no spaces, and all beyond ASCII is percent-encoded "
                "(in a host's name: xn--…)"
            )
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise ValueError(f"its host or port is malformed: {_FORM}") from None
        _check_parts(parts)
        if port == 0:
            raise ValueError("its port is 0, which nobody listens at")
        host = _host(parts)
        return cls(parts.scheme, host, port or _PORTS[parts.scheme], parts.path or "/", parts.query)

    @property
    def is_secure(self) -> bool:
        """Whether TLS carries it, and the host's certificate is verified."""
        return self.scheme == "https"

    @property
    def whole(self) -> str:
        """The URL with all that it has: for requests, never for a log."""
        query = f"?{self.query}" if self.query else ""
        return f"{self}{query}"

    def __str__(self) -> str:
        """Write it for people: without its query."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def _check_parts(parts: SplitResult) -> None:
    if parts.scheme not in _PORTS:
        raise ValueError(f"it begins with neither http:// nor https://: {_FORM}")
    if "@" in parts.netloc:
        raise ValueError(
            "it has a user's name in it, which would be sent to nobody: requests are signed in "
            "place of that"
        )
    if parts.fragment:
        raise ValueError("it has a fragment (#…), which is never sent")


def _host(parts: SplitResult) -> str:
    """Return the host, in small letters."""
    host = parts.hostname or ""
    if parts.netloc.startswith("["):
        # `urlsplit` has looked at it; one of RFC 3986's later versions is none that anybody has.
        if ":" in host and "%" not in host:
            return host
    elif _NAME.fullmatch(host):
        return host
    raise ValueError(f"it names no host: {_FORM}")
