# SPDX-License-Identifier: MIT
"""The plugin for pytest: its fixture `wsecho` is a server of the tests' own.

It is loaded in each run of pytest wherever wsecho is installed, so nothing is imported before the
fixture is asked for.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wsecho.testing import EchoServer


@pytest.fixture(scope="session")
def wsecho() -> Iterator["EchoServer"]:
    """A wsecho server with its lab, for the session: url, echo, room(), lab(), report()."""
    from wsecho.testing import StartError, serving  # noqa: PLC0415  # see above

    with ExitStack() as stack:
        try:
            server = stack.enter_context(serving())
        except StartError as error:
            pytest.fail(str(error), pytrace=False)
        yield server
