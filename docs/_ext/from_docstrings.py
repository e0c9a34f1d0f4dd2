# SPDX-License-Identifier: MIT
"""Writes, in Markdown, what the docstrings of the Python client say, name by name."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Any, Final

from tables import table

import wsecho.client
import wsecho.hooks
import wsecho.testing
from wsecho.client.errors import Error

_SECTION: Final = re.compile(r"^(Args|Returns|Raises|Attributes):$", re.MULTILINE)
_ENTRY: Final = re.compile(r"^    (\w+(?:, \w+)*): ?(.*(?:\n {5,}.*)*)", re.MULTILINE)
_TITLES: Final[Mapping[str, str]] = {
    "Args": "argument",
    "Attributes": "attribute",
    "Raises": "raises",
}
_OWN: Final = ("publish", "events", "close")
"""What can be done with a room, in the order in which it is done."""

_OF_SERVER: Final = ("room", "lab", "report", "areport")
"""What can be done with a server for tests."""


def python_api() -> str:
    """Write each name that `wsecho.client` offers."""
    offered = {name: getattr(wsecho.client, name) for name in wsecho.client.__all__}
    functions = [name for name, value in offered.items() if inspect.isfunction(value)]
    errors = [value for value in offered.values() if _is_error(value)]
    classes = [
        name
        for name, value in offered.items()
        if inspect.isclass(value) and not _is_error(value) and name != "Room"
    ]
    parts = [
        *(_function(name, offered[name]) for name in functions),
        _room(offered["Room"]),
        *(_class(name, offered[name]) for name in classes),
        *(_union(name, value) for name, value in offered.items() if isinstance(value, UnionType)),
        _errors(errors),
    ]
    return "\n\n".join(parts)


def testing_api() -> str:
    """Write what `wsecho.testing` offers, but for the form of a report, which its page shows."""
    server = wsecho.testing.EchoServer
    rows = [("`url`", "Its address over HTTP.")]
    rows += [(f"`{name}`", _first(getattr(server, name).fget)) for name in ("echo",)]
    methods = [_function(name, getattr(server, name), 4) for name in _OF_SERVER]
    told = table(("property", "what it is"), rows)
    begins = _function("serving", wsecho.testing.serving, 4)
    return "\n\n".join([told, *methods, begins])


def hooks_api() -> str:
    """Write each name that an application imports from `wsecho.hooks`."""
    offered = {name: getattr(wsecho.hooks, name) for name in wsecho.hooks.__all__}
    classes = {name: value for name, value in offered.items() if inspect.isclass(value)}
    described = [name for name in ("App", "Server") if name in classes]
    parts = [_with_methods(name, classes.pop(name)) for name in described]
    return "\n\n".join([*parts, *(_class(name, value) for name, value in classes.items())])


def _with_methods(name: str, kind: type) -> str:
    methods = [
        _function(each, method, 3)
        for each, method in vars(kind).items()
        if inspect.isfunction(method) and not each.startswith("_")
    ]
    return "\n\n".join([_class(name, kind), *methods])


def _is_error(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, Error)


def _function(name: str, function: Any, level: int = 2) -> str:
    return f"{'#' * level} `{name}`\n\n{_signature(name, function)}\n\n{document(function)}"


def _signature(name: str, function: Any) -> str:
    given = [str(each) for each in _shown(inspect.signature(function).parameters.values())]
    kind = "async " if inspect.iscoroutinefunction(function) else ""
    return f"{kind}`{name}({', '.join(given)})`"


def _shown(parameters: Iterable[inspect.Parameter]) -> Iterator[str]:
    """Write parameters without their types, which the text tells in words."""
    is_named = False
    for each in parameters:
        if each.name == "self":
            continue
        if each.kind is inspect.Parameter.KEYWORD_ONLY and not is_named:
            is_named = True
            yield "*"
        default = "" if each.default is inspect.Parameter.empty else f"={each.default!r}"
        star = "*" if each.kind is inspect.Parameter.VAR_POSITIONAL else ""
        yield f"{star}{each.name}{default}"


def _room(room: type) -> str:
    properties = [
        (f"`{name}`", _first(value.fget))
        for name, value in vars(room).items()
        if isinstance(value, property)
    ]
    iterating = f"### `async for message in room`\n\n{document(room.__anext__)}"  # type: ignore[attr-defined]
    methods = [iterating, *(_function(name, getattr(room, name), 3) for name in _OWN)]
    told = table(("property", "what it tells"), properties)
    return "\n\n".join(["## `Room`", document(room), told, *methods])


def _class(name: str, kind: type) -> str:
    return f"## `{name}`\n\n{document(kind)}"


def _union(name: str, union: UnionType) -> str:
    kinds = ", ".join(f"`{kind.__name__}`" for kind in union.__args__)
    return f"## `{name}`\n\nOne of {kinds}."


def _errors(errors: Iterable[type[Error]]) -> str:
    rows = [(f"`{kind.__name__}`", f"`{kind.code}`", _first(kind)) for kind in errors]
    gap = document(wsecho.client.Gap, without="Args")
    return f"## Errors\n\n{table(('class', 'code', 'when'), rows)}\n\n### `Gap`\n\n{gap}"


def _first(value: Any) -> str:
    """Return the first paragraph, in one line."""
    return " ".join((inspect.getdoc(value) or "").split("\n\n")[0].split())


def document(value: Any, without: str = "") -> str:
    """Write a docstring: its paragraphs, then a table of each section but one."""
    text, *sections = _SECTION.split(inspect.getdoc(value) or "")
    parts = [text.strip()]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        if title == without:
            continue
        if title == "Returns":
            parts.append(f"It returns {' '.join(body.split())}.")
            continue
        rows = [(f"`{name}`", " ".join(said.split())) for name, said in _ENTRY.findall(body)]
        parts.append(table((_TITLES[title], "meaning"), rows))
    return "\n\n".join(part for part in parts if part)
