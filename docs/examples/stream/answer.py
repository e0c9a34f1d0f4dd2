# SPDX-License-Identifier: MIT
"""Writes an answer into a room while it is made, as language models make them: piece by piece.

    your-model "Why is the sky blue?" | python answer.py ws://127.0.0.1:8080/broadcast/answer-17

Each line of standard input is a piece; put your model's stream in its place.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

from wsecho.client import connect


async def pieces() -> AsyncIterator[str]:
    """Give the answer's pieces as they are made."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line.rstrip("\n")


async def main(url: str) -> None:
    """Say each piece, and at last that it was the last."""
    async with connect(url, own=False) as room:
        async for piece in pieces():
            await room.publish(json.dumps({"text": piece}))
        await room.publish(json.dumps({"end": True}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
