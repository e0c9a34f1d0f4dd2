# SPDX-License-Identifier: MIT
"""What goes wrong for a client, as programs tell it."""

import pickle
from collections.abc import Iterator

import pytest

from wsecho.client import errors
from wsecho.client.errors import BadRequest, BadType, Error, Gap
from wsecho.core.wire.positions import Position

GAP = Gap(Position("a", 3), Position("b", 7), "the room began anew")


def kinds(kind: type[Error]) -> Iterator[type[Error]]:
    """An error and all below it."""
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Each class stands there, with its code."""
    drawn = errors.__doc__ or ""
    for kind in kinds(Error):
        line = next(line for line in drawn.splitlines() if f" {kind.__name__} " in line)
        assert kind is Error or f" {kind.code} " in line


def test_an_error_says_what_and_in_which_word() -> None:
    """The server's own word wins where it has one."""
    assert (BadRequest("url is none").code, str(BadRequest("url is none"))) == (
        "bad_request",
        "url is none (bad_request)",
    )
    assert Error("no such address", "not_found").code == "not_found"


def test_arguments_are_refused_as_python_does() -> None:
    """Whoever expects a ValueError or a TypeError of a bad argument gets it."""
    assert isinstance(BadRequest("x"), ValueError)
    assert isinstance(BadType("x"), TypeError)


@pytest.mark.parametrize("error", [GAP, Error("x", "internal"), BadType("y")], ids=lambda e: e.code)
def test_errors_go_to_other_processes(error: Error) -> None:
    """As they are, a gap with its places."""
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), vars(again)) == (type(error), vars(error))
