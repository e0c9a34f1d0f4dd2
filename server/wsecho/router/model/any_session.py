# SPDX-License-Identifier: MIT
"""What the sessions of this node and of others have in common."""

from typing import Any, Protocol


class AnySession(Protocol):
    """An open session of this node or another, as the meta API sees it."""

    @property
    def id(self) -> int:
        """The session id."""

    @property
    def authid(self) -> str:
        """The name that others see."""

    @property
    def authrole(self) -> str:
        """The role that others see."""

    def describe(self) -> dict[str, Any]:
        """What others may know of it: of its transport the kind, not the address."""

    def close(self, reason: str, text: str | None = None) -> None:
        """End it politely."""
