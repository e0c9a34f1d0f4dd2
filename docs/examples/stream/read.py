# SPDX-License-Identifier: MIT
"""Prints an answer as it is written: from its beginning, however late one comes.

    python read.py ws://127.0.0.1:8080/broadcast/answer-17 [POSITION]

Ctrl-C prints the position with which it goes on the next time.
"""

import json
import sys

from wsecho.client import Gap
from wsecho.client.sync import connect

EVERYTHING = 1_000_000


def main(url: str, after: str | None = None) -> None:
    """Print until the answer's end."""
    with connect(url, after=after, history=EVERYTHING) as room:
        try:
            for message in room:
                piece = json.loads(message.data)
                if piece.get("end"):
                    break
                print(piece["text"], end=" ", flush=True)
        except Gap as gap:
            print(f"\nThe beginning is gone: {gap.reason}", file=sys.stderr)
        except KeyboardInterrupt:
            print(f"\nGo on with: python read.py {url} {room.position}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
