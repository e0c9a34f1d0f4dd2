# SPDX-License-Identifier: MIT
"""File descriptors for as many connections as there may be."""

import resource

import pytest

from wsecho.app import descriptors
from wsecho.app.descriptors import SPARE, wanted_limit

INFINITY = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("connections", "soft", "hard", "wanted"),
    [
        (20_000, 1024, 1_000_000, 20_000 + SPARE),
        (20_000, 1024, 4096, 4096),
        (20_000, 1024, INFINITY, 20_000 + SPARE),
        (100, 1024, 4096, 1024),
        (0, 1024, 4096, 4096),
        (0, INFINITY, INFINITY, INFINITY),
        (20_000, INFINITY, INFINITY, INFINITY),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_needed_and_allowed(
    connections: int, soft: int, hard: int, wanted: int
) -> None:
    """Never lowered."""
    assert wanted_limit(connections, soft, hard) == wanted


@pytest.mark.parametrize(
    ("hard", "possible", "warnings"),
    [
        (4096, 4096 - SPARE, 1),
        (300, 150, 1),
        (1_000_000, 20_000, 0),
        (INFINITY, 20_000, 0),
    ],
)
def test_a_hard_limit_that_is_too_low_is_one_line(
    monkeypatch: pytest.MonkeyPatch, hard: int, possible: int, warnings: int
) -> None:
    """It names the option, what is allowed, and what that is enough for."""
    said: list[dict[str, object]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(descriptors._log, "warn", lambda _text, **values: said.append(values))
    assert descriptors.provide_descriptors(20_000) == possible
    assert len(said) == warnings
    assert all((values["have"], values["possible"]) == (hard, possible) for values in said)


def test_any_number_where_nothing_bounds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the option nor the system."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (INFINITY, INFINITY))
    assert descriptors.provide_descriptors(0) is None
