# SPDX-License-Identifier: MIT
"""What somebody may have meant who wrote a word that is none."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like another, None where none is."""
    by_form = {name.lower(): name for name in known}
    found = get_close_matches(word.lower().replace("_", "-"), by_form, n=1, cutoff=0.6)
    return by_form[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Return `: did you mean …?`, or nothing where no known word is like this one.

    Args:
        word: what was written.
        known: what would have been understood.
        prefix: stands before each of them, such as the dashes of options.
    """
    meant = nearest(word, known)
    return "" if meant is None else f": did you mean {prefix}{meant}?"
