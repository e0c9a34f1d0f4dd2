# SPDX-License-Identifier: MIT
"""What the integration tests try for seconds, for minutes."""

from tests.integration.bus.test_resume_load import let_all_happen
from tests.integration.test_many_rooms import take_the_place_of_few
from tests.integration.test_resume_load import RATE, read_through_kills

MINUTE = 60


def test_a_million_rooms_take_the_place_of_few() -> None:
    """No more of them are there, or in memory, than the bound says."""
    take_the_place_of_few(1_000_000)


def test_two_minutes_of_kills_lose_nothing() -> None:
    """Each of the 200 readers is killed about thirty times."""
    read_through_kills(RATE * 2 * MINUTE)


def test_three_nodes_and_trouble_upon_trouble() -> None:
    """Two dozen troubles, chance says which."""
    let_all_happen(24)
