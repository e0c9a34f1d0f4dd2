# SPDX-License-Identifier: MIT
"""What the package offers is there, once it is used."""

import pytest

import wsecho.client


@pytest.mark.parametrize("name", wsecho.client.__all__)
def test_what_is_offered_is_there(name: str) -> None:
    """Under the name that it has where it is; one is a union, which has none."""
    found = getattr(wsecho.client, name)
    assert getattr(found, "__name__", name).rpartition(".")[2] == name


def test_what_is_not_offered_is_not_there() -> None:
    """And said as Python says it."""
    with pytest.raises(AttributeError, match="no attribute 'nothing_of_it'"):
        _ = wsecho.client.nothing_of_it
