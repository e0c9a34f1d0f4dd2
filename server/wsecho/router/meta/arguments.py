# SPDX-License-Identifier: MIT
"""Reading the arguments of the router's own procedures.

What is missing or of the wrong type raises `WampError` with `wamp.error.invalid_argument`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from wsecho.router.wire import errors
from wsecho.router.wire.errors import ProtocolViolationError, WampError
from wsecho.router.wire.options import absent, as_integer
from wsecho.router.wire.uris import is_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wsecho.router.model.procedures import ProcedureCall

_NAMES = {str: "a string", list: "a list", dict: "a dictionary", bool: "true or false"}


def typed(value: object, kind: type, what: str) -> Any:
    """`value`, which must be of exactly the type `kind`; a whole float counts as an `int`.

    Raises:
        WampError: it is of another (`wamp.error.invalid_argument`), which is called `what`.
    """
    if kind is int:
        value = as_integer(value)
        if value is None:
            raise WampError(errors.INVALID_ARGUMENT, f"{what} must be an integer")
    elif type(value) is not kind:
        raise WampError(errors.INVALID_ARGUMENT, f"{what} must be {_NAMES[kind]}")
    return value


def positional(
    call: ProcedureCall, place: int, kind: type, what: str, *, default: Any = None
) -> Any:
    """A positional argument, counted from 0; without a default it is required.

    Raises:
        WampError: it is missing, or of another type (`wamp.error.invalid_argument`).
    """
    value = call.args[place] if place < len(call.args) else None
    if absent(value):
        if default is None:
            raise WampError(errors.INVALID_ARGUMENT, f"argument {place + 1}, {what}, is missing")
        return default
    return typed(value, kind, what)


def keyword(call: ProcedureCall, name: str, kind: type, *, default: Any = None) -> Any:
    """A keyword argument; `default` where it is absent.

    Raises:
        WampError: it is of another type (`wamp.error.invalid_argument`).
    """
    value = call.kwargs.get(name)
    return default if absent(value) else typed(value, kind, name)


@contextmanager
def as_arguments() -> Iterator[None]:
    """Read a message's options where they are the arguments of a call.

    Raises:
        WampError: one is of the wrong type (`wamp.error.invalid_argument`): the call breaks no
            protocol, whatever it asks for.
    """
    try:
        yield
    except ProtocolViolationError as error:
        raise WampError(errors.INVALID_ARGUMENT, error.reason) from None


def reason_uri(value: str, what: str) -> str:
    """`value`, which must be a URI without empty components.

    Raises:
        WampError: it is none (`wamp.error.invalid_uri`).
    """
    if not is_uri(value):
        raise WampError(errors.INVALID_URI, f"{what} is not a valid URI")
    return value


def strings(value: list[Any], what: str) -> list[str]:
    """`value`, all of whose items must be strings.

    Raises:
        WampError: one is not (`wamp.error.invalid_argument`), of what is called `what`.
    """
    if any(type(item) is not str for item in value):
        raise WampError(errors.INVALID_ARGUMENT, f"{what} must be a list of strings")
    return value
