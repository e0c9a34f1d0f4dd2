# SPDX-License-Identifier: MIT
"""The router's own procedures: what they are given, and what they give back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field, frozen

from wsecho.core.promise import Later

if TYPE_CHECKING:
    from wsecho.router.model.session import Session


@frozen
class Reply:
    """The result of a procedure.

    Attributes:
        args: positional results.
        kwargs: keyword results.
    """

    args: list[Any] = field(factory=list)
    kwargs: dict[str, Any] | None = None


@frozen
class ProcedureCall:
    """A call of one of the router's own procedures.

    Attributes:
        session: the caller.
        procedure: the URI that was called.
        args: positional arguments.
        kwargs: keyword arguments.
    """

    session: Session
    procedure: str
    args: list[Any]
    kwargs: dict[str, Any]


Procedure: TypeAlias = Callable[[ProcedureCall], Later[Reply]]
