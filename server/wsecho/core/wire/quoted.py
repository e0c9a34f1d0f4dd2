# SPDX-License-Identifier: MIT
"""Header values with quoted strings in them (RFC 9110 section 5.6.4): what separates, what is text.

Within quotes a comma and a semicolon separate nothing, and an octet behind a backslash is itself.
"""

import re
from typing import Final

# A quoted string that nothing closes goes on to the end: all that follows is its text.
_TOKENS: Final = {
    separator: re.compile(rf'{separator}|"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
    for separator in ",;"
}
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_SPACE: Final = " \t"


def split(text: str, separator: str) -> list[str]:
    """Split at each comma, or each semicolon, that stands outside of quotes.

    Returns:
        the pieces, without white space around them (RFC 9110 section 5.6.3); some may be empty.
    """
    if '"' not in text:
        return [piece.strip(_SPACE) for piece in text.split(separator)]
    pieces, begin = [], 0
    for token in _TOKENS[separator].finditer(text):
        if token[0] == separator:
            pieces.append(text[begin : token.start()].strip(_SPACE))
            begin = token.end()
    return [*pieces, text[begin:].strip(_SPACE)]


def unquote(text: str) -> str | None:
    """Return what a quoted string means; None where it is none."""
    quoted = _QUOTED.fullmatch(text)
    return None if quoted is None else _ESCAPED.sub(r"\1", quoted[1])
