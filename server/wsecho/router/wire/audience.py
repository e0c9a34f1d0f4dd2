# SPDX-License-Identifier: MIT
"""Who among the subscribers may have an event ("Subscriber Black- and Whitelisting")."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen


class Receiver(Protocol):
    """Whom an event could go to, as the lists tell them apart."""

    @property
    def id(self) -> int:
        """The session id."""

    @property
    def authid(self) -> str:
        """The name that others see."""

    @property
    def authrole(self) -> str:
        """The role that others see."""


@frozen
class Audience:
    """The lists of "Subscriber Black- and Whitelisting"; None where a whitelist was not given.

    An empty whitelist reaches nobody.
    """

    exclude: frozenset[int] = frozenset()
    exclude_authid: frozenset[str] = frozenset()
    exclude_authrole: frozenset[str] = frozenset()
    eligible: frozenset[int] | None = None
    eligible_authid: frozenset[str] | None = None
    eligible_authrole: frozenset[str] | None = None

    def reaches(self, session: Receiver) -> bool:
        """Whether all six conditions of the specification hold for this subscriber."""
        return (
            session.id not in self.exclude
            and session.authid not in self.exclude_authid
            and session.authrole not in self.exclude_authrole
            and (self.eligible is None or session.id in self.eligible)
            and (self.eligible_authid is None or session.authid in self.eligible_authid)
            and (self.eligible_authrole is None or session.authrole in self.eligible_authrole)
        )
