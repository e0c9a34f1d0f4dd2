# SPDX-License-Identifier: MIT
"""Answers that are kept for as long as their `Cache-Control` says (RFC 9111 section 5.2.2).

Only of `join`, by the room and the `sub` of who asked: a yes and a no alike. What else the question
said, other claims, an address or a header, counts for nothing; an application whose answer goes by
more than room and `sub` must not let it be kept.
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from attrs import define, field

from wsecho.hooks import Forbidden

MAX_KEPT: Final = 10_000
"""Answers that are kept at a time; those that were kept first make place."""

LONGEST: Final = 86_400
"""Seconds that one is kept, at most."""

_DIRECTIVE: Final = re.compile(
    r'([!#$%&\'*+.^_`|~\w-]+)(?:=("(?:[^"\\]|\\.)*"|[^\s,"]*))?', re.ASCII
)
_BETWEEN: Final = re.compile(r"[ \t]*(?:,[ \t]*)*")
_SECONDS: Final = re.compile(r'"?([0-9]{1,20})"?')
_NEVER: Final = {"no-store", "no-cache"}


def seconds_to_keep(cache_control: str | None) -> int:
    """Return for how long an answer may be kept, 0 for not at all.

    What is malformed, or says two things, is not kept (RFC 9111 section 4.2.1).

    Args:
        cache_control: the header, None where there is none.
    """
    ages, place = set(), 0
    text = cache_control or ""
    while (place := _BETWEEN.match(text, place).end()) < len(text):  # type: ignore[union-attr]  # matches anything
        directive = _DIRECTIVE.match(text, place)
        if directive is None or directive[1].lower() in _NEVER:
            return 0
        place = directive.end()
        if directive[1].lower() == "max-age":
            ages.add(directive[2])
    found = _SECONDS.fullmatch(ages.pop() or "") if len(ages) == 1 else None
    return 0 if found is None else min(int(found[1]), LONGEST)


@define(eq=False)
class AnswerCache:
    """Answers to `join`.

    Args:
        now: seconds, by a clock that nobody sets.

    Attributes:
        used: how many questions were answered by what is kept.
    """

    _now: Callable[[], float]
    used: int = field(default=0, init=False)
    _kept: OrderedDict[tuple[str, str], tuple[float, Forbidden | None]] = field(
        factory=OrderedDict, init=False
    )

    def __len__(self) -> int:
        """Count what is kept, though its time may be over."""
        return len(self._kept)

    def keep(self, room: str, sub: str, answer: Forbidden | None, seconds: int) -> None:
        """Keep an answer.

        Args:
            room: for which it was.
            sub: for whom.
            answer: None for yes.
            seconds: for how long, from now.
        """
        self._kept.pop((room, sub), None)
        if seconds > 0:
            self._kept[room, sub] = self._now() + seconds, answer
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)

    def knows(self, room: str, sub: str) -> bool:
        """Tell whether an answer is kept that is a yes.

        Raises:
            Forbidden: one is kept that is a no.
        """
        kept = self._kept.get((room, sub))
        if kept is None:
            return False
        until, answer = kept
        if self._now() >= until:
            del self._kept[room, sub]
            return False
        self.used += 1
        if answer is not None:
            # One that is raised again and again would gather where it was.
            raise Forbidden(answer.reason, answer.code)
        return True
