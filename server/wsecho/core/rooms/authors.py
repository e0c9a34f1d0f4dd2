# SPDX-License-Identifier: MIT
"""Who said a message, as others see it: nobody chooses that for himself, or for another."""

from typing import Final

from attrs import define, field

AUTHOR_COST: Final = 300
"""Bytes that an author is counted for beside the name: the id, and what readers are sent of it."""

_NAME_COST: Final = 8
"""Bytes for each character of a name, which is kept as text and as JSON."""


@define
class Author:
    """Who said something.

    Attributes:
        id: as in presence, where it is said by a member; else a hash of the token's `sub`.
        name: from the token, None without one.
        written: as JSON, kept by who writes it first: one author says many messages.
        cost: bytes that it is counted for with each message that is remembered.
    """

    id: str
    name: str | None = None
    written: str = field(default="", init=False, eq=False, repr=False)
    cost: int = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.cost = AUTHOR_COST + (_NAME_COST * len(self.name) if self.name else 0)
