# SPDX-License-Identifier: MIT
"""Spares the unit tests what Autobahn does for nobody."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _no_list_of_options() -> Iterator[None]:
    """Leave out what each connection writes for a debug line, a tenth of all tests' time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autobahn.websocket.protocol.pformat", lambda _: "")
        yield
