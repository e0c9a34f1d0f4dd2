# SPDX-License-Identifier: MIT
"""Reading the options of a request, one kind of value at a time.

A value of the wrong type breaks the protocol; one of the right type that will not do raises
`WampError` with `wamp.error.invalid_argument`. Both name the option.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from wsecho.router.wire import errors
from wsecho.router.wire.audience import Audience
from wsecho.router.wire.errors import ProtocolViolationError, WampError

if TYPE_CHECKING:
    from collections.abc import Sequence

try:
    import cbor2
except ImportError:  # pragma: no cover  # CBOR is an extra
    _UNDEFINED: object = None
else:
    _UNDEFINED = cbor2.undefined

_LISTS: Final = (
    ("exclude", True),
    ("exclude_authid", False),
    ("exclude_authrole", False),
    ("eligible", True),
    ("eligible_authid", False),
    ("eligible_authrole", False),
)
_AUDIENCE: Final = frozenset(name for name, _ in _LISTS)

W = TypeVar("W", bound=str)


def absent(value: object) -> bool:
    """Whether `value` stands for something that was left out."""
    return value is None or value is _UNDEFINED


def as_integer(value: object) -> int | None:
    """`value` as an integer where it is one, or a whole float; a boolean is none."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    return None


def flag(options: dict[Any, Any], name: str, *, default: bool = False) -> bool:
    """A boolean option; `default` where it is absent.

    Raises:
        ProtocolViolationError: it is no boolean; a number is none either ("Messages").
    """
    value = options.get(name)
    if type(value) is bool:
        return value
    if absent(value):
        return default
    raise ProtocolViolationError(f"option {name} must be true or false")


def word(options: dict[Any, Any], name: str, words: Sequence[W], *, default: W | None = None) -> W:
    """One of `words`; `default`, or the first of them, where the option is absent.

    Raises:
        ProtocolViolationError: it is no string.
        WampError: it is none of them (`wamp.error.invalid_argument`).
    """
    value = options.get(name)
    if absent(value):
        return words[0] if default is None else default
    if type(value) is not str:
        raise ProtocolViolationError(f"option {name} must be a string")
    for known in words:
        if value == known:
            return known
    raise WampError(errors.INVALID_ARGUMENT, f"option {name} must be one of {', '.join(words)}")


def timeout_option(options: dict[Any, Any]) -> int:
    """`timeout` in milliseconds; 0, the default, for none ("Call Timeouts").

    Raises:
        ProtocolViolationError: it is no whole number.
        WampError: it is negative (`wamp.error.invalid_argument`).
    """
    value = options.get("timeout")
    number = 0 if absent(value) else as_integer(value)
    if number is None:
        raise ProtocolViolationError("option timeout must be a whole number of milliseconds")
    if number < 0:
        raise WampError(errors.INVALID_ARGUMENT, "option timeout must not be negative")
    return number


def publish_options(options: dict[Any, Any]) -> dict[str, Any]:
    """The options of PUBLISH as fields of `requests.Publish`.

    Raises:
        ProtocolViolationError: one is of the wrong type.
    """
    return {
        "acknowledge": flag(options, "acknowledge"),
        "exclude_me": flag(options, "exclude_me", default=True),
        "disclose_me": flag(options, "disclose_me"),
        "retain": flag(options, "retain"),
        "audience": _audience(options),
    }


def _audience(options: dict[Any, Any]) -> Audience | None:
    if _AUDIENCE.isdisjoint(options):
        return None
    lists: dict[str, Any] = {}
    for name, numbers in _LISTS:
        value = options.get(name)
        if not absent(value):
            lists[name] = _members(value, name, numbers=numbers)
    return Audience(**lists) if lists else None


def _members(value: object, name: str, *, numbers: bool) -> frozenset[Any]:
    wanted = int if numbers else str
    found: list[Any] = []
    if type(value) is list:
        found = [as_integer(item) if numbers else item for item in value]
    if type(value) is not list or any(type(item) is not wanted for item in found):
        what = "session ids" if numbers else "strings"
        raise ProtocolViolationError(f"option {name} must be a list of {what}")
    return frozenset(found)
