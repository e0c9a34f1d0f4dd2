# SPDX-License-Identifier: MIT
"""Whatever strangers send, only the documented errors come out of its parser."""

from pathlib import Path

import pytest

from tests.fuzz.__main__ import main
from tests.fuzz.feeding import (
    HAS_ATHERIS,
    Outcome,
    feed_by_atheris,
    feed_by_hypothesis,
    names,
    read_outcome,
)
from tests.fuzz.targets import TARGETS, Target


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """What came of feeding each target for a second, two at a time."""
    return dict(feed_by_atheris(names(), 1))


@pytest.mark.parametrize("name", names())
def test_only_the_documented_errors_come_out(name: str) -> None:
    """Of what it mostly gets, spoilt here and there, and of anything."""
    # Any other error would come out of it; this says that it was fed at all.
    assert feed_by_hypothesis(TARGETS[name], 100) > len(TARGETS[name].seeds)


if HAS_ATHERIS:  # else `conftest` says that it has not

    @pytest.mark.parametrize("name", names())
    def test_nor_where_inputs_lead_ever_further(name: str, outcomes: dict[str, Outcome]) -> None:
        """A second's worth; `scripts/fuzz` goes on for as long as one likes."""
        assert not outcomes[name].trouble, outcomes[name].trouble
        assert outcomes[name].runs > len(TARGETS[name].seeds)


@pytest.mark.parametrize(
    ("said", "status", "outcome"),
    [
        ("x\nstat::number_of_executed_units: 7\n", "0", Outcome(7, "")),
        (
            "x === Uncaught Python exception: ===\nstat::number_of_executed_units: 7\n",
            "77",
            Outcome(7, " Python exception: ===\nstat::number_of_executed_units: 7\n"),
        ),
        ("No module named x", "1", Outcome(0, "No module named x")),
        ("killed", "0", Outcome(0, "killed")),
    ],
)
def test_what_atheris_said(tmp_path: Path, said: str, status: str, outcome: Outcome) -> None:
    """Nothing passes that did not run to its end."""
    (tmp_path / "x.log").write_text(said)
    assert read_outcome(tmp_path / "x.log", status) == outcome


def test_what_is_not_documented_is_found() -> None:
    """A target that raises fails: else all the others would show nothing."""

    def fail(data: bytes) -> None:
        assert not data.startswith(b"se")

    with pytest.raises(AssertionError):
        feed_by_hypothesis(Target(fail, (b"seed",)), 1)


def test_an_unknown_target_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    assert main(["nothing"]) == 2
    assert "there is no target nothing; there are frames, large," in capsys.readouterr().out


@pytest.mark.parametrize("seconds", ["0", "x", "100000"])
def test_a_time_that_is_none_is_told(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By argparse, with status 2."""
    with pytest.raises(SystemExit) as caught:
        main(["--seconds", seconds])
    assert caught.value.code == 2
    assert "is no whole number" in capsys.readouterr().err
