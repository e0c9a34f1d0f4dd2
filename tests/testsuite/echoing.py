# SPDX-License-Identifier: MIT
"""A client that Autobahn's testsuite can test, by `websockets`: URL, and `quiet` as an option.

Quiet, it does not ask for the reports at its end.
"""

import contextlib
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def main(url: str, *, asks: bool) -> None:
    """Run all cases that there are."""
    with connect(f"{url}/getCaseCount") as counting:
        count = int(counting.recv())
    for case in range(1, count + 1):
        running = connect(
            f"{url}/runCase?case={case}&agent=websockets", max_size=None, ping_interval=None
        )
        # Most cases end with a broken connection, as they should.
        with contextlib.suppress(ConnectionClosed), running as echoing:
            for message in echoing:
                echoing.send(message)
    if asks:
        with (
            contextlib.suppress(ConnectionClosed),
            connect(f"{url}/updateReports?agent=websockets"),
        ):
            pass


if __name__ == "__main__":
    main(sys.argv[1], asks="quiet" not in sys.argv[2:])
