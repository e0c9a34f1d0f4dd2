# SPDX-License-Identifier: MIT
"""A Sphinx extension: puts in what `from_code` writes, wherever a page asks for it.

A page asks in a line of its own, `<!-- generated: NAME -->`, where NAME is one of `WRITERS`.
"""

import re
from typing import Any

from from_code import WRITERS
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

_ASKED = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)


def fill(text: str) -> str:
    """Put in what a page asks for.

    Raises:
        KeyError: nothing of that name is written.
    """
    return _ASKED.sub(lambda match: WRITERS[match[1]](), text)


def _read(_app: Sphinx, _name: str, source: list[str]) -> None:
    source[0] = fill(source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.connect("source-read", _read)
    # Pygments does not know them.
    for language in ("haproxy", "logrotate"):
        app.add_lexer(language, TextLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
