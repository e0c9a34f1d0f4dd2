# SPDX-License-Identifier: MIT
"""A process that writes to a journal as fast as it can, until it is killed.

It says what was committed, after each commit: `python -m tests.support.journal_child FOLDER SEED`.
"""

import sys
from pathlib import Path
from random import Random

from wsecho.bus.journal.records import StoredMessage, StoredRoom, Transaction
from wsecho.bus.journal.store import Store


def main(folder: str, seed: str) -> None:
    """Write groups of chance, each of one message or of hundreds; now and then, forget."""
    random = Random(seed)
    store = Store(Path(folder), lambda: "fresh")
    contents = store.open()
    rooms = {room.number: room.head for room in contents.rooms}
    if not rooms:
        transaction = Transaction(
            [StoredRoom(number, f"r{number}", "e", 0, 0.0, 0.0) for number in (1, 2, 3)]
        )
        store.write(transaction)
        rooms = dict.fromkeys((1, 2, 3), 0)
    print("ready", flush=True)
    while True:
        transaction = Transaction(now=1.0)
        for _ in range(random.choice((1, 3, 20, 300))):
            number = random.choice((1, 2, 3))
            rooms[number] += 1
            said = b"%d %d" % (number, rooms[number])
            message = StoredMessage(rooms[number], said, False, 1.0, 1, None)
            transaction.messages.append((number, message))
            transaction.heads[number] = rooms[number], 1.0
        store.write(transaction)
        print(*rooms.values(), flush=True)
        if random.random() < 0.1:
            store.tidy({number: head - 1000 for number, head in rooms.items()}, [], 2.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
