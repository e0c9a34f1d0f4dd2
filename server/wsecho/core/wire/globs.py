# SPDX-License-Identifier: MIT
"""Globs over rooms' names, as `fnmatchcase` has them: what is written of them is looked at here."""


def check_glob(glob: str) -> str:
    """Return a glob that says what it looks like.

    Raises:
        ValueError: it is empty, or a `[` in it has no end, and would stand for itself.
    """
    if not glob:
        raise ValueError("the glob is empty: * is every room")
    at = glob.find("[")
    while at >= 0:
        # As in a shell, a `]` that comes first is one of the set.
        begin = at + 2 if glob[at + 1 : at + 2] == "!" else at + 1
        end = glob.find("]", begin + 1)
        if end < 0:
            raise ValueError("a [ has no ] behind it; [[] stands for itself")
        at = glob.find("[", end)
    return glob
