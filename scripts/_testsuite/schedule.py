# SPDX-License-Identifier: MIT
"""Cut the case set into pieces, so that a few clients end at about the same time.

What a case costs differs by four powers of ten, and is processor time on both sides: nearly all
of a run is groups 12 and 13, which send a thousand compressed messages each. Hence:

- heaviest cases first, so that nothing long is left for the end;
- pieces are pulled by whichever client is free, not dealt out beforehand;
- each piece is a share of the work that is left: large at first, because a client costs 0.3 s of
  processor to start, and small at the end, where balance matters.

The costs are from a run against Autobahn's own echo server. Another server or machine changes
them by a factor that hardly changes their order, and pulling evens out the rest.
"""

from collections import deque
from collections.abc import Iterable

# Seconds by a case's last number in groups 12 and 13: message sizes of 16 bytes to 128 KiB, then
# again in small fragments.
_BY_SIZE = (
    *(0.5, 0.5, 0.5, 0.6, 0.9, 1.2, 1.9, 3.2, 5.8, 10.8),
    *(1.5, 2.6, 4.9, 8.7, 16.4, 13.0, 11.6, 11.3),
)
# How well a group's text or picture compresses, as a factor on the above.
_BY_CONTENT = {"12.1": 0.4, "12.2": 1.2, "12.3": 1.8, "12.4": 0.6, "12.5": 1.0}
_PARAMETERS = 0.6  # all of 13.*

# The rest, by the longest prefix. 5.19, 5.20 and 6.4 wait, the others of 1 to 10 are quick.
_SECONDS = {"5.19": 1.0, "5.20": 1.0, "6.4.": 1.0, "9.": 0.25}
_QUICK = 0.01

_SMALLEST_PIECE = 3.0


def seconds(case: str) -> float:
    """Guess how long a case takes when it runs alone."""
    numbers = case.split(".")
    if numbers[0] in {"12", "13"}:
        content = _BY_CONTENT.get(".".join(numbers[:2]), _PARAMETERS)
        return content * _BY_SIZE[min(int(numbers[-1]), len(_BY_SIZE)) - 1]
    matches = [prefix for prefix in _SECONDS if case.startswith(prefix)]
    return _SECONDS[max(matches, key=len)] if matches else _QUICK


def cut(cases: Iterable[str], jobs: int) -> list[list[str]]:
    """Cut cases into pieces, in the order in which clients should take them."""
    waiting = deque(sorted(cases, key=seconds, reverse=True))
    left = sum(map(seconds, waiting))
    pieces = []
    while waiting:
        # Half a fair share, so that a wrong guess can still be made good by the pieces after it.
        share = max(left / (2 * jobs), _SMALLEST_PIECE)
        piece = [waiting.popleft()]
        cost = seconds(piece[0])
        while waiting and cost + seconds(waiting[0]) <= share:
            cost += seconds(waiting[0])
            piece.append(waiting.popleft())
        left -= cost
        pieces.append(piece)
    return pieces
