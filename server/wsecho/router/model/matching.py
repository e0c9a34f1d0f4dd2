# SPDX-License-Identifier: MIT
"""One index of things under URI patterns, for subscriptions and registrations alike.

An exact URI is one look-up. Prefixes are looked up once per length that occurs, wildcards once
per set of fixed positions that occurs for that number of components, so neither is scanned and
neither costs anything while there are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wsecho.router.wire.uris import Match

T = TypeVar("T")

_CACHE_SIZE: Final = 4096
_CACHED_LENGTH: Final = 256  # a cache must not hold on to megabytes of a peer's making

# For one number of components: positions that are fixed -> their values -> the thing.
_Masks = dict[tuple[int, ...], dict[tuple[str, ...], T]]


def _fixed(pattern: str) -> tuple[int, tuple[int, ...], tuple[str, ...]]:
    parts = pattern.split(".")
    positions = tuple(place for place, part in enumerate(parts) if part)
    return len(parts), positions, tuple(parts[place] for place in positions)


class PatternIndex(Generic[T]):
    """Things of type `T`, each under one pair of URI pattern and matching policy."""

    def __init__(self) -> None:
        self._exact: dict[str, T] = {}
        self._prefix: dict[str, T] = {}
        self._lengths: tuple[int, ...] = ()  # of the prefixes, longest first
        self._wildcard: dict[str, T] = {}
        self._masks: dict[int, _Masks[T]] = {}
        self._cache: dict[str, tuple[T, ...]] = {}

    def __len__(self) -> int:
        return len(self._exact) + len(self._prefix) + len(self._wildcard)

    def get(self, pattern: str, match: Match) -> T | None:
        """What stands under exactly this pattern and policy."""
        return self._table(match).get(pattern)

    def values(self, match: Match) -> list[T]:
        """All that stands under the policy, oldest first."""
        return list(self._table(match).values())

    def add(self, pattern: str, match: Match, value: T) -> None:
        """Put `value` under a pattern that has nothing yet."""
        self._table(match)[pattern] = value
        self._cache.clear()
        if match == "prefix":
            self._measure()
        elif match == "wildcard":
            count, positions, fixed = _fixed(pattern)
            self._masks.setdefault(count, {}).setdefault(positions, {})[fixed] = value

    def remove(self, pattern: str, match: Match) -> None:
        """Take away what stands under the pattern."""
        del self._table(match)[pattern]
        self._cache.clear()
        if match == "prefix":
            self._measure()
        elif match == "wildcard":
            self._unmask(pattern)

    def matches(self, uri: str) -> tuple[T, ...]:
        """All whose pattern covers the concrete `uri`, the best first.

        The order is that of "Calls matching multiple registrations": exact, then prefixes from
        the longest, then wildcards by the length of the runs before each wildcard.
        """
        found = self._cache.get(uri)
        if found is None:
            found = tuple(self._search(uri))
            if len(uri) <= _CACHED_LENGTH:
                if len(self._cache) >= _CACHE_SIZE:
                    self._cache.clear()
                self._cache[uri] = found
        return found

    def best(self, uri: str) -> T | None:
        """The one that a call of `uri` goes to, or None."""
        exact = self._exact.get(uri)
        if exact is not None or not (self._prefix or self._wildcard):
            return exact
        found = self.matches(uri)
        return found[0] if found else None

    def _table(self, match: Match) -> dict[str, T]:
        if match == "exact":
            return self._exact
        return self._prefix if match == "prefix" else self._wildcard

    def _measure(self) -> None:
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefix}, reverse=True))

    def _unmask(self, pattern: str) -> None:
        count, positions, fixed = _fixed(pattern)
        masks = self._masks[count]
        del masks[positions][fixed]
        if not masks[positions]:
            del masks[positions]
        if not masks:
            del self._masks[count]

    def _search(self, uri: str) -> Iterator[T]:
        if uri in self._exact:
            yield self._exact[uri]
        for length in self._lengths:
            if length <= len(uri) and uri[:length] in self._prefix:
                yield self._prefix[uri[:length]]
        if self._masks:
            yield from self._search_wildcards(uri.split("."))

    def _search_wildcards(self, parts: list[str]) -> Iterator[T]:
        found: list[tuple[tuple[int, ...], T]] = []
        for positions, values in self._masks.get(len(parts), {}).items():
            key = tuple(parts[place] for place in positions)
            if key in values:
                found.append((self._runs(len(parts), positions), values[key]))
        # Two patterns that cover one URI and have equal runs are the same pattern: no ties.
        found.sort(key=lambda pair: pair[0], reverse=True)
        yield from (value for _, value in found)

    @staticmethod
    def _runs(count: int, positions: tuple[int, ...]) -> tuple[int, ...]:
        """How many fixed components stand before each wildcard, and after the last."""
        fixed, runs, run = set(positions), [], 0
        for place in range(count):
            if place in fixed:
                run += 1
            else:
                runs.append(run)
                run = 0
        return (*runs, run)
