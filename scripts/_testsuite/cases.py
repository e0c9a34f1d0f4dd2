# SPDX-License-Identifier: MIT
"""Case ids such as `9.1.6`: their order, their groups, and choosing some by glob."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from _shared.errors import CannotRunError


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every case that the installed testsuite knows, and what it calls them."""

    descriptions: dict[str, str]
    """Case id to one line of text, in the testsuite's own order."""

    categories: dict[str, str] = field(default_factory=dict)
    """Names of the groups: `9` is "Limits/Performance"."""

    subcategories: dict[str, str] = field(default_factory=dict)
    """Names of the groups within: `9.1` is "Text Message (increasing size)"."""

    def title(self, group: str) -> str:
        """Name a group such as `9.1` or `10` by all that the testsuite says of it."""
        names = [self.categories.get(group.partition(".")[0]), self.subcategories.get(group)]
        return ": ".join(name for name in names if name)


def sort_key(case: str) -> tuple[int, ...]:
    """Order `2.10` after `2.9`."""
    return tuple(int(number) for number in case.split("."))


def group_of(case: str) -> str:
    """Give the table of the report that a case stands in: `9.1` for `9.1.6`, `2` for `2.10`."""
    numbers = case.split(".")
    return ".".join(numbers[:-1])


def select(catalogue: Catalogue, globs: str) -> list[str]:
    """Choose the cases that match one of several globs joined by commas.

    Raises:
        CannotRunError: One of the globs matches nothing, which is a slip of the pen.
    """
    chosen: set[str] = set()
    for glob in (part.strip() for part in globs.split(",")):
        matches = {case for case in catalogue.descriptions if fnmatchcase(case, glob)}
        if not matches:
            raise CannotRunError(
                f"--cases: no case matches '{glob}' (ids look like 1.1.1, 2.10, 12.5.18)"
            )
        chosen |= matches
    return sorted(chosen, key=sort_key)
