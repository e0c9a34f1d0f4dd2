# SPDX-License-Identifier: MIT
"""All meta procedures of a realm at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsecho.router.history import provide_history
from wsecho.router.meta_routing import RegistrationProcedures, SubscriptionProcedures
from wsecho.router.meta_sessions import SessionProcedures
from wsecho.router.meta_testaments import provide_testaments

if TYPE_CHECKING:
    from wsecho.router.realm import Realm


def provide_meta(realm: Realm) -> None:
    """Serve the meta procedures (WAMP, "Session Meta API" and those that follow it)."""
    SessionProcedures(realm)
    SubscriptionProcedures(realm)
    RegistrationProcedures(realm)
    provide_testaments(realm)
    if realm.owner is not None:
        provide_history(realm)
