# SPDX-License-Identifier: MIT
"""`python -m wsecho.command.attended`: `wsecho`, which ends with whoever started it.

That one holds the other end of its standard input, and is its parent: as soon as it is not any
more, this process ends, at once and whatever it does.
"""

import os
import select
import threading
from typing import Final

from wsecho.command.main import main

_LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the parent; a fork of it may hold the pipe for longer."""


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        if select.select([0], [], [], _LOOK_EVERY)[0]:
            break
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    main()
