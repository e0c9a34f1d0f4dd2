# SPDX-License-Identifier: MIT
"""What is said of what cannot work: one line that names what is at fault, and a status."""

import pytest

from tests.support.wrong_starts import WRONG_STARTS, WrongStart, answer_to, prepared

HERE = [start for start in WRONG_STARTS if not start.binds]


@pytest.mark.parametrize("start", HERE, ids=lambda start: " ".join(start.words)[:60])
def test_a_wrong_start_is_answered_in_one_line(
    start: WrongStart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what would be right, and status 2 for what means nothing, 1 for what cannot start."""
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    with prepared(start) as words:
        answer, status = answer_to(words)
    [line] = answer.splitlines()
    assert start.answer in line
    assert line.startswith("wsecho")
    assert status == start.status


def test_there_are_many() -> None:
    """So that a kind of mistake is seldom forgotten."""
    assert len({start.words + tuple(start.files.values()) for start in WRONG_STARTS}) > 100
