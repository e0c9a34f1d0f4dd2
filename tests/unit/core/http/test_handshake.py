# SPDX-License-Identifier: MIT
"""The server's half of the opening handshake."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.http.handshake import examine, split_target, wants_websocket
from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import BadRequest, MethodNotAllowed, UpgradeRequired, WireError

GOOD = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def request(line: str = "GET / HTTP/1.1", /, **changes: str | None) -> RequestHead:
    """A good request with some header fields changed, or taken out by None."""
    headers: dict[str, str | None] = {**GOOD}
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return RequestHead.parse("\r\n".join([line, *lines, "", ""]).encode("latin-1"))


def test_a_good_request_is_accepted() -> None:
    """All that the doors need is taken from it."""
    upgrade = examine(
        request(
            "GET /broadcast/a%2Fb?self=0&x=1 HTTP/1.1",
            Sec_WebSocket_Protocol="b, a,b",
            Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits, x",
        )
    )
    assert upgrade.path == "/broadcast/a%2Fb"
    assert upgrade.query.flag("self", default=True) is False
    assert upgrade.subprotocols == ("b", "a")
    assert upgrade.extensions == ("permessage-deflate; client_max_window_bits", "x")


@pytest.mark.parametrize("upgrade", ["WebSocket", "h2c, websocket", "websocket, h2c"])
@pytest.mark.parametrize("connection", ["upgrade", "keep-alive, Upgrade"])
def test_upgrade_and_connection_are_lists(upgrade: str, connection: str) -> None:
    """RFC 6455 section 4.2.1: a token among others, in any case."""
    head = request(Upgrade=upgrade, Connection=connection)
    assert wants_websocket(head)
    assert examine(head).path == "/"


@pytest.mark.parametrize("upgrade", [None, "h2c", "websockets"])
def test_another_upgrade_is_none_of_ours(upgrade: str | None) -> None:
    """A server may ignore an upgrade that it does not know (RFC 9110 section 7.8)."""
    assert not wants_websocket(request(Upgrade=upgrade))


@pytest.mark.parametrize("version", ["12", "8", "0", "14", "013"])
def test_another_version_is_told_the_right_one(version: str) -> None:
    """RFC 6455 section 4.4: 426 with the version that would do."""
    with pytest.raises(UpgradeRequired) as caught:
        examine(request(Sec_WebSocket_Version=version))
    assert ("Sec-WebSocket-Version", "13") in caught.value.headers


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"Host": None}, "Host"),
        ({"Connection": "keep-alive"}, "Connection"),
        ({"Sec_WebSocket_Version": None}, "Sec-WebSocket-Version"),
        ({"Sec_WebSocket_Key": None}, "Sec-WebSocket-Key"),
        ({"Sec_WebSocket_Key": "c2hvcnQ="}, "Sec-WebSocket-Key"),
        ({"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="[:-1] + "!"}, "Sec-WebSocket-Key"),
        ({"Sec_WebSocket_Protocol": "a b"}, "Sec-WebSocket-Protocol"),
        ({"Content_Length": "5"}, "body"),
        ({"Transfer_Encoding": "chunked"}, "body"),
    ],
)
def test_what_is_missing_or_wrong_is_named(changes: dict[str, str | None], part: str) -> None:
    """The answer says which part of the request is at fault."""
    with pytest.raises(BadRequest, match=part):
        examine(request(**changes))


@pytest.mark.parametrize(
    "offered",
    [
        "permessage-deflate; =10",
        "permessage-deflate; server_max_window_bits=",
        'permessage-deflate; server_max_window_bits=""',
        "permessage-deflate;",
        "; server_max_window_bits",
        "permessage-deflate; a = b = c",
        "permessage deflate",
        "permessage-deflate; a b",
        'x; level="a b"',
        'x; level="a,b"',
        r'x; level="a\"b"',
        'x; level="10"1',
        'x; level="10',
        '"x"',
        "x; caf\xe9",
        "a, b;;c",
    ],
)
def test_malformed_extensions_fail_the_handshake(offered: str) -> None:
    """RFC 6455 section 9.1: whoever receives what breaks the grammar fails the connection."""
    with pytest.raises(BadRequest, match="Sec-WebSocket-Extensions"):
        examine(request(Sec_WebSocket_Extensions=offered))


@pytest.mark.parametrize(
    "offered",
    [
        "x-webkit-deflate-frame",
        "permessage-deflate; client_max_window_bits, permessage-deflate",
        "permessage-deflate ;\tserver_max_window_bits = 10 ; x",
        'permessage-deflate; server_max_window_bits="10"',
        r'x; level="fa\st"',
        "permessage-deflate; server_max_window_bits=ten; unknown=!#$%&'*+.^_`|~",
        ", x,, y,",
        "",
    ],
)
def test_extensions_that_are_well_formed_are_none_of_its_business(offered: str) -> None:
    """Which of them can be done is for another place: a bad value is declined (RFC 7692 7.1)."""
    upgrade = examine(request(Sec_WebSocket_Extensions=offered))
    assert upgrade.extensions == tuple(part.strip() for part in offered.split(",") if part.strip())


def test_http_1_0_cannot_upgrade() -> None:
    """RFC 6455 section 4.2.1: HTTP/1.1 or higher."""
    with pytest.raises(BadRequest, match=r"HTTP/1\.1"):
        examine(request("GET / HTTP/1.0"))


def test_only_get_opens_a_websocket() -> None:
    """405 names what is allowed (RFC 9110 section 15.5.6)."""
    with pytest.raises(MethodNotAllowed) as caught:
        examine(request("POST / HTTP/1.1"))
    assert ("Allow", "GET") in caught.value.headers


@pytest.mark.parametrize(
    ("target", "path"),
    [("/a?b=c", "/a"), ("http://host:80/a?b", "/a"), ("http://host", "/"), ("/?x", "/")],
)
def test_a_target_is_a_path_or_an_absolute_url(target: str, path: str) -> None:
    """RFC 9112 section 3.2 has servers accept both forms."""
    assert split_target(target)[0] == path


@pytest.mark.parametrize("target", ["*", "host:80", "/a#b", "//host/a", "/?a=%ff"])
def test_another_target_is_refused(target: str) -> None:
    """Authority and asterisk forms, fragments and bad UTF-8 name nothing here."""
    with pytest.raises(BadRequest):
        split_target(target)


@pytest.mark.parametrize("query", ["self=2", "self=", "self=0&self=1"])
def test_a_flag_is_0_or_1_once(query: str) -> None:
    """A malformed parameter that is known is an error, not a guess."""
    upgrade = examine(request(f"GET /?{query} HTTP/1.1"))
    with pytest.raises(BadRequest, match="self"):
        upgrade.query.flag("self", default=True)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_any_target_is_split_or_refused(target: str) -> None:
    """No target ends in anything but a path or a wire error."""
    try:
        path, _ = split_target(target)
    except WireError:
        return
    assert path.startswith("/")
