# SPDX-License-Identifier: MIT
"""What peers send, as data."""

from __future__ import annotations

import attrs
import pytest
from autobahn.wamp import message

from wsecho.router.wire import requests
from wsecho.router.wire.requests import Request

KINDS = [kind for kind in Request.__args__ if kind is not requests.Refused]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_number(kind: type[Request]) -> None:
    """That of "Message Definitions", as Autobahn knows it."""
    assert getattr(message, kind.__name__).MESSAGE_TYPE == kind.TYPE


def test_what_a_client_may_send_is_all_there() -> None:
    """Those that "Message Definitions" lets go from a client to a router."""
    assert {kind.TYPE for kind in KINDS} == {1, 3, 5, 6, 8, 16, 32, 34, 48, 49, 64, 66, 70}


def test_options_left_out_have_the_specifications_defaults() -> None:
    """`exclude_me` alone is on by itself ("Publisher Exclusion")."""
    publish = requests.Publish(1, "a", None, None)
    flags = attrs.asdict(publish, filter=lambda field, _: str(field.type) == "bool")
    assert flags == {
        "acknowledge": False,
        "exclude_me": True,
        "disclose_me": False,
        "retain": False,
    }
    assert requests.Cancel(1).mode == "killnowait"
    assert requests.Register(1, "a").invoke == "single"
    assert requests.Subscribe(1, "a").match == requests.Register(1, "a").match == "exact"
