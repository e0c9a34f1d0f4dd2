# SPDX-License-Identifier: MIT
"""What a request is for: its target and its host (RFC 9112 sections 3.2 and 3.3)."""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from attrs import evolve

from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import BadRequest, Unimplemented

# RFC 3986 section 3.2.2: a name or an IPv4 address, or another address in brackets; a port.
_HOST: Final = re.compile(
    r"(?:(?:[0-9A-Za-z._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*|\[([0-9A-Fa-f:.]+)(?:%[!-Z^-~]+)?\])"
    r"(?::[0-9]*)?"
)
_ABSOLUTE: Final = re.compile(r"(?:https?|wss?)://([^/?#]*)([^#]*)", re.IGNORECASE)
_PLAIN_HOST: Final = re.compile(r"[0-9a-z.-]+(?::[0-9]+)?")
"""What most hosts look like."""


def resolve(head: RequestHead) -> RequestHead:
    """Check what a request is for, and name it as most requests do.

    Returns:
        the same where the target is a path already (or `OPTIONS *`); else the head with the path
        for its target, and with the host that stood in it for its `Host`.

    Raises:
        BadRequest: `Host` is missing, stands twice or is none; the target is none of this method.
        Unimplemented: a tunnel is asked for.
    """
    _check_host(head)
    target = head.target
    if head.method == "CONNECT":
        raise Unimplemented("this server is no proxy")
    if target.startswith("/"):
        if "#" in target:
            raise BadRequest("the request target has a fragment")
        return head
    if target == "*" and head.method == "OPTIONS":
        return head
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise BadRequest("the request target is not a path, nor an absolute URL of this server's")
    host, rest = match.groups()
    if not host or not _is_host(host):
        raise BadRequest("the request target names no host")
    others = tuple(pair for pair in head.headers if pair[0] != "host")
    path = rest if rest.startswith("/") else f"/{rest}"
    return evolve(head, target=path, headers=(("host", host), *others))


def _check_host(head: RequestHead) -> None:
    host = head.one("host")
    if host is None:
        if not head.is_of_http_1_0:
            raise BadRequest("the header Host is missing")
    elif not _is_host(host):
        raise BadRequest("the header Host is no host")


def _is_host(text: str) -> bool:
    if _PLAIN_HOST.fullmatch(text):
        return True
    match = _HOST.fullmatch(text)
    if match is None:
        return False
    try:
        return match[1] is None or bool(IPv6Address(match[1]))
    except AddressValueError:
        return False
