# SPDX-License-Identifier: MIT
"""The bytes that the generator sends."""

import json

END = b"~"
"""Stands once in each text, at its end, so that an event can be counted in a stream of chunks."""

LARGEST_WINDOW = 1 << 15
_ITEM = 32
"""Bytes that an item has at the very least."""


def text(size: int) -> bytes:
    """Give ASCII text of `size` bytes, as JSON strings and events carry it unescaped."""
    letters = b"abcdefghijklmnopqrstuvwxyz0123456789"
    return (letters * (size // len(letters) + 1))[: size - 1] + END


def event(size: int) -> bytes:
    """Give the Socket.IO packet of an event `message` that carries such a text."""
    return b'42["message","%s"]' % text(size)


def documents(size: int) -> bytes:
    """Give JSON texts of `size` bytes such as services send, one after the other.

    They are alike in their keys, not in their values, and together longer than any window of
    permessage-deflate, so that none is found whole among those before it.
    """
    return b"".join(_document(number, size) for number in range(LARGEST_WINDOW // size * 2))


def _document(number: int, size: int) -> bytes:
    items = [_item(number * size + n) for n in range(1, size // _ITEM + 2)]
    while len(whole := json.dumps(items, separators=(",", ":")).encode()) > size:
        items.pop()
    return whole.ljust(size)


def _item(n: int) -> dict[str, object]:
    return {
        "id": 1_000_003 * n % 99_991,
        "user": f"user-{n * 7919 % 1000}",
        "price": n * 31 % 97 / 4,
    }
