# SPDX-License-Identifier: MIT
"""What a request is for: `Host`, and the forms that a target has."""

import pytest

from wsecho.core.http.requests import RequestHead
from wsecho.core.http.targets import resolve
from wsecho.core.wire.errors import BadRequest, Unimplemented


def head(target: str = "/", *hosts: str, method: str = "GET", version: str = "1.1") -> RequestHead:
    """A request."""
    fields = tuple(("host", host) for host in hosts)
    return RequestHead(method, target, version, (*fields, ("a", "b")))


@pytest.mark.parametrize(
    "host",
    [
        "x",
        "localhost:8080",
        "EXAMPLE.org",
        "under_score.example",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:8080",
        "[fe80::1%25eth0]",
        "xn--bcher-kva.example.",
        "a%2fb",
        "a:",
        "",
    ],
)
def test_a_host_is_taken(host: str) -> None:
    """A name, an address, with a port or without; an empty one names none, which is allowed."""
    assert resolve(head("/a?b", host)) == head("/a?b", host)


@pytest.mark.parametrize(
    "host",
    [
        "a b",
        "a/b",
        "a@b",
        "a,b c",
        "a:b",
        "a:80:80",
        "http://a",
        "[::1",
        "[::1]a",
        "[::1::]",
        "[x]",
        "::1",
        "a?b",
        "a#b",
        "a\\b",
        '"a"',
        "<a>",
        "a%2",
        "b\xfccher",
        "a\tb",
        ":80:",
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    """RFC 9112 section 3.2."""
    with pytest.raises(BadRequest, match="Host is no host"):
        resolve(head("/", host))


def test_a_host_has_to_be_named_once() -> None:
    """But by HTTP/1.0, which does not know it; that may not name two either."""
    with pytest.raises(BadRequest, match="Host is missing"):
        resolve(head("/"))
    with pytest.raises(BadRequest, match="Host is missing"):
        resolve(head("http://x/"))
    assert resolve(head("/", version="1.0")) == head("/", version="1.0")
    for version in ("1.0", "1.1"):
        for second in ("a", "b", ""):
            with pytest.raises(BadRequest, match="host stands 2 times"):
                resolve(head("/", "a", second, version=version))


@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        ("http://h/healthz", "h", "/healthz"),
        ("HTTP://h:80/a%20b?c=d/e", "h:80", "/a%20b?c=d/e"),
        ("https://[::1]:1", "[::1]:1", "/"),
        ("ws://h?x=1", "h", "/?x=1"),
        ("wss://h//a", "h", "//a"),
    ],
)
def test_an_absolute_target_is_a_path_and_a_host(target: str, host: str, path: str) -> None:
    """The host in it is the one that counts (RFC 9112 section 3.2.2)."""
    resolved = resolve(head(target, "elsewhere"))
    assert (resolved.target, resolved.one("host"), resolved.one("a")) == (path, host, "b")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "*"),
        ("GET", "a"),
        ("GET", "h:80"),
        ("GET", "?a"),
        ("GET", "ftp://h/"),
        ("GET", "http:///a"),
        ("GET", "http://"),
        ("GET", "http:/a"),
        ("GET", "http://me@h/"),
        ("GET", "http://h:x/"),
        ("GET", "http://h/#a"),
        ("GET", "/a#b"),
        ("GET", "mailto:a@b"),
        ("OPTIONS", "**"),
    ],
)
def test_what_is_no_target_is_refused(method: str, target: str) -> None:
    """Of the four forms, each has its method."""
    with pytest.raises(BadRequest, match="target"):
        resolve(head(target, "h", method=method))


def test_all_of_the_server_can_be_asked_for_its_options() -> None:
    """The asterisk form."""
    assert resolve(head("*", "h", method="OPTIONS")).target == "*"


def test_a_tunnel_is_not_made() -> None:
    """Whatever to."""
    for target in ("h:443", "/", "http://h/"):
        with pytest.raises(Unimplemented):
            resolve(head(target, "h", method="CONNECT"))
