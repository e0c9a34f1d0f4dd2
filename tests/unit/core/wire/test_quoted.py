# SPDX-License-Identifier: MIT
"""Lists with quoted strings in them, taken apart where they separate."""

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.http.requests import RequestHead
from wsecho.core.websocket.deflate import EXTENSION, Offer, choose
from wsecho.core.wire.quoted import split, unquote

TOKENS = st.text("abz019!#$%&'*+-.^_`|~", min_size=1, max_size=8)
ODD = st.text('a0 ,;="\\\t\xff', max_size=12) | st.sampled_from(
    [f", {EXTENSION}", f"; {EXTENSION}", f'", {EXTENSION}, "', f'\\", {EXTENSION}']
)
SPACES = st.sampled_from(["", "", " ", "\t", " \t "])


@frozen
class Written:
    """Something of a list, and a way to write it."""

    meaning: object
    text: str


@st.composite
def values(draw: st.DrawFn) -> Written:
    """A token, or a quoted string of anything, with escapes that it needs and others."""
    if draw(st.booleans()):
        token = draw(TOKENS)
        return Written(token, token)
    meaning, text = draw(ODD), ""
    for octet in meaning:
        is_escaped = octet in '"\\' or draw(st.booleans())
        text += f"\\{octet}" if is_escaped else octet
    return Written(meaning, f'"{text}"')


@st.composite
def parameters(draw: st.DrawFn) -> Written:
    """A name, alone or with a value."""
    name = draw(TOKENS)
    if draw(st.booleans()):
        return Written((name, None), name)
    value = draw(values())
    return Written((name, value.meaning), f"{name}{draw(SPACES)}={draw(SPACES)}{value.text}")


@st.composite
def extensions(draw: st.DrawFn) -> Written:
    """A name with its parameters, as RFC 6455 section 9.1 has it."""
    name, many = draw(TOKENS | st.just(EXTENSION)), draw(st.lists(parameters(), max_size=3))
    text = "".join(f"{draw(SPACES)};{draw(SPACES)}{one.text}" for one in many)
    return Written((name, [one.meaning for one in many]), name + text)


def read(member: str) -> object:
    """What a member means."""
    name, *texts = split(member, ";")
    found = []
    for text in texts:
        key, equals, value = (part.strip(" \t") for part in text.partition("="))
        found.append(
            (key, (unquote(value) or "" if value[0] == '"' else value) if equals else None)
        )
    return name, found


@given(st.lists(extensions(), max_size=4), st.data())
def test_what_was_written_is_read(written: list[Written], data: st.DataObject) -> None:
    """Whatever stands in quotes, however it is escaped; over one line or several."""
    lines = [[""]]
    for one in written:
        lines[-1].append(data.draw(SPACES) + one.text + data.draw(SPACES))
        if data.draw(st.booleans()):
            lines.append([""])
    headers = tuple(("sec-websocket-extensions", ",".join(line)) for line in lines)
    head = RequestHead("GET", "/", "1.1", headers)
    members = head.members("sec-websocket-extensions")
    assert [read(member) for member in members] == [one.meaning for one in written]
    # Nothing that nobody offered is agreed on.
    if all(not one.text.startswith(EXTENSION) for one in written):
        assert choose(members) is None


@given(st.text('a,;="\\ \t\xa0') | st.text())
def test_any_text_is_taken_apart_and_nothing_is_lost(text: str) -> None:
    """By the same rule as when it is read octet by octet."""
    pieces, is_quoted, is_escaped = [""], False, False
    for octet in text:
        if octet == "," and not is_quoted:
            pieces.append("")
            continue
        pieces[-1] += octet
        if is_escaped:
            is_escaped = False
        elif octet == "\\" and is_quoted:
            is_escaped = True
        elif octet == '"':
            is_quoted = not is_quoted
    assert split(text, ",") == [piece.strip(" \t") for piece in pieces]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        *(('""', ""), ('"a"', "a"), ('"a,b"', "a,b"), (r'"\"\\"', '"\\'), (r'"1\0"', "10")),
        *(("a", None), ('"', None), ('"a', None), ('a"', None), (r'"\"', None), ('"a"b', None)),
    ],
)
def test_a_quoted_string_is_one_from_end_to_end(text: str, meaning: str | None) -> None:
    """And means what stands between its quotes, without backslashes."""
    assert unquote(text) == meaning


@pytest.mark.parametrize(
    ("header", "offer"),
    [
        (f'x; a="1, {EXTENSION}"', None),
        (f'x; a="1, {EXTENSION}, 2"', None),
        (f'x; a="1; {EXTENSION}, {EXTENSION}; b"', None),
        (rf'x; a="\", {EXTENSION}, \""', None),
        (f'x; a="1, {EXTENSION}', None),
        (f'x; a="1\\", {EXTENSION}', None),
        (f'"{EXTENSION}"', None),
        (f'{EXTENSION}"', None),
        (f"{EXTENSION}\xa0", None),
        (f'{EXTENSION}; server_max_window_bits="10', None),
        (f'{EXTENSION}; server_max_window_bits=""', None),
        (f'{EXTENSION}; server_max_window_bits="10"9', None),
        (f'{EXTENSION}; client_max_window_bits=""', None),
        (f'{EXTENSION}; server_no_context_takeover=""', None),
        (rf'{EXTENSION}; server_max_window_bits="1\0"', Offer(server_max_window_bits=10)),
        (f'x; a="1, 2", {EXTENSION}', Offer()),
        (rf'x; a="\"", {EXTENSION}', Offer()),
        (
            f', x; a="{EXTENSION}",, {EXTENSION};client_no_context_takeover',
            Offer(client_no_context_takeover=True),
        ),
    ],
)
def test_only_what_is_offered_is_agreed_on(header: str, offer: Offer | None) -> None:
    """Never a piece of another extension's text (RFC 6455 section 9.1)."""
    head = RequestHead("GET", "/", "1.1", (("sec-websocket-extensions", header),))
    assert choose(head.members("sec-websocket-extensions")) == offer


def test_quotes_go_on_over_lines() -> None:
    """Lines of one name are one list (RFC 9110 section 5.3)."""
    lines = ('x; a="1', EXTENSION, f'2", {EXTENSION}; server_max_window_bits=9')
    head = RequestHead("GET", "/", "1.1", tuple(("x", line) for line in lines))
    assert choose(head.members("x")) == Offer(server_max_window_bits=9)
    assert len(head.members("x")) == 2
