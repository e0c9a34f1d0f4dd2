# SPDX-License-Identifier: MIT
"""How deep a message is nested, where it may be deeper than whoever reads it takes.

A client whose library meets its bound gives the connection up, so a message that one serializer
carries would end the sessions of those who speak another.
"""

from collections.abc import Iterable
from typing import Any, Final

import cbor2

JSON_DEPTH: Final = 900
"""Lists and dictionaries within one another: Python's `json` ends at its limit of 1,000 calls."""

MESSAGE_PACK_DEPTH: Final = 1_000
"""As many as the library `msgpack` reads, or nearly so (1,024)."""

CBOR_DEPTH: Final = 400
"""As many as the library `cbor2` reads where it is not told otherwise."""

_CONTAINERS: Final = (list, dict, tuple, set, frozenset, cbor2.CBORTag)
# The first octets of all other values. In MessagePack arrays and maps begin with 0x80 to 0x9f or
# 0xdc to 0xdf; in CBOR arrays, maps and tags with 0x80 to 0xdf.
_OF_OTHERS: Final = bytes([*range(0x80), *range(0xE0, 0x100)])


def in_text(text: str, message: object, most: int) -> bool:
    """Tell whether a message, as JSON, is nested deeper than `most`."""
    # Each level has two brackets.
    return (
        len(text) > 2 * most
        and text.count("[") + text.count("{") > most
        and is_deeper(message, most)
    )


def in_octets(octets: bytes, message: object, most: int) -> bool:
    """Tell whether a message, as MessagePack or CBOR, is nested deeper than `most`."""
    return (
        len(octets) > most
        and len(octets.translate(None, _OF_OTHERS)) > most
        and is_deeper(message, most)
    )


def is_deeper(message: object, most: int) -> bool:
    """Tell whether more than `most` lists, dictionaries or tags stand within one another."""
    level = [message]
    for _ in range(most):
        level = [inner for outer in level for inner in _parts(outer) if type(inner) in _CONTAINERS]
        if not level:
            return False
    return True


def _parts(container: Any) -> Iterable[object]:
    if isinstance(container, dict):
        return container.values()
    if isinstance(container, cbor2.CBORTag):
        return (container.value,)
    return container  # type: ignore[no-any-return]  # a sequence, or a set
