# SPDX-License-Identifier: MIT
"""All meta procedures of a realm at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsecho.router.meta.history import provide_history
from wsecho.router.meta.routing import RegistrationProcedures, SubscriptionProcedures
from wsecho.router.meta.sessions import SessionProcedures
from wsecho.router.meta.testaments import provide_testaments

if TYPE_CHECKING:
    from wsecho.router.routing.realm import Realm


def provide_meta(realm: Realm) -> None:
    """Serve the meta procedures (WAMP, "Session Meta API" and those that follow it)."""
    SessionProcedures(realm)
    SubscriptionProcedures(realm)
    RegistrationProcedures(realm)
    provide_testaments(realm)
    if realm.owner is not None:
        provide_history(realm)
