# SPDX-License-Identifier: MIT
"""`wsecho.client`, with its defaults."""

from functools import partial

from wsecho.client import connect

from .driving import Progress, Told, drive, together


async def _read(told: Told, progress: Progress) -> None:
    async with connect(told.url) as room:
        progress.begin()
        async for _message in room:
            progress.take()


async def _say(told: Told, progress: Progress) -> None:
    text = told.payload.read_text()
    # Nobody iterates here, so that one's own must not be kept for that.
    async with connect(told.url, own=False) as room:
        progress.begin()
        await together(told, progress, partial(room.publish, text))


if __name__ == "__main__":
    drive(_read, _say)
