# SPDX-License-Identifier: MIT
"""`--help`: the options in their groups, one group, or one option; 80 columns wide."""

from collections.abc import Iterable
from textwrap import fill
from typing import Final

from wsecho.config.config import GROUPS, OptionGroup
from wsecho.config.errors import CommandError
from wsecho.config.near import did_you_mean
from wsecho.config.settings.option import Option

WIDTH: Final = 79
"""Columns of a line; a terminal of 80 wraps none."""

_INDENT: Final = " " * 6


def help_on(subject: str) -> str:
    """Write what the options are.

    Args:
        subject: the name of a group or of an option; empty for all options.

    Raises:
        CommandError: there is nothing of this name.
    """
    if not subject:
        return "\n".join(map(_of_group, GROUPS))
    name = subject.lower().lstrip("-")
    options = {option.name: option for group in GROUPS for option in group.options}
    for group in GROUPS:
        if name in {group.name, group.title.lower()}:
            return _of_group(group)
    if name in options:
        return _of_option(options[name])
    names = [group.name for group in GROUPS]
    meant = did_you_mean(name, [*names, *options], "--help ")
    raise CommandError(
        f"--help {subject}: there is neither a group nor an option of this name"
        f"{meant or ': the groups are ' + ', '.join(names)}"
    )


def group_names() -> Iterable[tuple[str, str]]:
    """Return the name of each group, and what it is about."""
    return ((group.name, group.text) for group in GROUPS)


def _of_group(group: OptionGroup) -> str:
    return "\n".join([f"{group.title}: {group.text}\n", *map(_of_option, group.options)])


def _of_option(option: Option) -> str:
    head = f"  --{option.name}"
    if option.is_switch:
        return f"{head}\n{_paragraph(option.help)}"
    again = "  (may be given again)" if option.repeatable else ""
    more = f"Default: {option.shown}. Example: --{option.name} {option.example}"
    return f"{head} {option.metavar}{again}\n{_paragraph(option.help)}{_paragraph(more)}"


def _paragraph(text: str) -> str:
    wrapped = fill(
        text,
        WIDTH,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{wrapped}\n"
