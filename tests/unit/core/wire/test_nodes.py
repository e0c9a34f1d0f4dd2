# SPDX-License-Identifier: MIT
"""Names of nodes, in sessions' ids and as addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.wire.nodes import NodeAddress, node_of, parse_address, session_id

NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(NAMES, NAMES)
def test_a_session_names_its_node(node: str, secret: str) -> None:
    """Where there are several; else it names none."""
    assert node_of(session_id(node, secret)) == node
    assert session_id(None, secret) == secret
    assert node_of(secret) is None


@given(st.text())
def test_whatever_a_client_makes_up_names_a_node_or_none(identifier: str) -> None:
    """Never something with a slash or a dot in it, for there are files of that name."""
    node = node_of(identifier)
    assert node is None or not set(node) & set("./\\\0")


@pytest.mark.parametrize("identifier", ["", ".", "a.", ".b", "../x.y", "a.b.c", "a/b.c", "é.x"])
def test_what_names_no_node(identifier: str) -> None:
    """Malformed ones."""
    assert node_of(identifier) is None


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("10.0.0.5:9000", "10.0.0.5", 9000),
        ("[fd00::1]:1", "fd00::1", 1),
        ("a-b.c:65535", "a-b.c", 65535),
    ],
)
def test_an_address(text: str, host: str, port: int) -> None:
    """Reads as it is written."""
    assert parse_address(text) == NodeAddress(host, port)
    assert str(NodeAddress(host, port)) == text


@pytest.mark.parametrize("text", ["", ":1", "a", "a:", "a:0", "a:65536", "a:b", "::1:1", "a b:1"])
def test_what_is_no_address(text: str) -> None:
    """One line says what one looks like."""
    with pytest.raises(ValueError, match="HOST:PORT"):
        parse_address(text)
