# SPDX-License-Identifier: MIT
"""Killing what writes a journal, wherever it is, and looking at what is left."""

import subprocess
import sys
import time
from pathlib import Path
from random import Random

from wsecho.bus.journal.store import Store

ROOT = Path(__file__).parents[2]


def kill_writers(folder: Path, times: int, seed: int) -> int:
    """Have so many processes write to one folder, each killed after some time of chance.

    After each the file holds all that was committed, once, in order and without a gap.

    Returns:
        how many messages were said in all.
    """
    random = Random(seed)
    for number in range(times):
        told = _kill_one(folder, f"{seed} {number}", random.uniform(0.0, 0.05))
        heads = _look(folder)
        if told:
            # What was committed and not told yet may be there, too.
            assert all(have >= said for have, said in zip(heads, told, strict=True))
    return sum(heads)


def _kill_one(folder: Path, seed: str, after: float) -> list[int]:
    command = [sys.executable, "-m", "tests.support.journal_child", str(folder), seed]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(after)
        child.kill()
        lines = child.stdout.read().splitlines(keepends=True)
    # The last line may be cut.
    whole = [line for line in lines if line.endswith("\n")]
    return [int(word) for word in whole[-1].split()] if whole else []


def _look(folder: Path) -> list[int]:
    store = Store(folder, lambda: "fresh")
    contents = store.open()
    store.close()
    assert not contents.is_doubtful
    for room in contents.rooms:
        assert room.epoch == "e"
        offsets = [message.offset for message in room.messages]
        assert offsets == list(range(room.head - len(offsets) + 1, room.head + 1))
        assert len(offsets) >= min(room.head, 1000)
        for message in room.messages:
            assert message.payload == b"%d %d" % (room.number, message.offset)
    return [room.head for room in contents.rooms]
