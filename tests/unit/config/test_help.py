# SPDX-License-Identifier: MIT
"""`--help`: all options, one group, or one option."""

import pytest

from wsecho.config.config import GROUPS, OPTIONS, SWITCHES
from wsecho.config.errors import CommandError
from wsecho.config.help import WIDTH, group_names, help_on


def test_help_shows_each_default_and_an_example() -> None:
    """`--help` teaches."""
    text = " ".join(help_on("").split())
    for option in OPTIONS.values():
        assert f"--{option.name} {option.metavar} " in text
        assert f"Default: {option.shown}. Example: --{option.name} {option.example}" in text
    assert all(f"--{name} " in text for name in SWITCHES)


def test_no_line_is_wider_than_a_terminal() -> None:
    """But for a word that nobody can break."""
    for line in help_on("").splitlines():
        assert len(line) <= WIDTH or " " not in line.strip()


def test_each_group_and_each_option_has_its_own() -> None:
    """By the group's name or title, in any case; by the option's name, with its dashes or not."""
    everything = help_on("")
    for group in GROUPS:
        text = help_on(group.name)
        assert text in everything
        assert help_on(group.name.upper()) == help_on(group.title) == text
        for option in group.options:
            if option.name not in {group.name for group in GROUPS}:
                assert help_on(option.name) == help_on(f"--{option.name}")
                assert help_on(option.name) in text


def test_what_may_be_given_again_says_so() -> None:
    """And nothing else does."""
    for option in OPTIONS.values():
        if option.name not in {group.name for group in GROUPS}:
            assert ("(may be given again)" in help_on(option.name)) is option.repeatable


def test_the_groups_are_named_with_what_they_are_about() -> None:
    """In their order."""
    assert list(group_names()) == [(group.name, group.text) for group in GROUPS]


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("drian", "--help drian: there is neither a group nor an option of this name"),
        ("drian", ": did you mean --help drain?"),
        ("\u2603", f": the groups are {', '.join(group.name for group in GROUPS)}"),
        ("a\nb", "--help a\\nb: "),
    ],
)
def test_what_there_is_nothing_about(subject: str, answer: str) -> None:
    """What was meant, or what there is."""
    with pytest.raises(CommandError) as caught:
        help_on(subject)
    assert answer in str(caught.value)
