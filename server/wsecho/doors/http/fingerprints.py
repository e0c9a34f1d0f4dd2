# SPDX-License-Identifier: MIT
"""Files' entity tags, made of their content: the same again after a roll-back or another checkout.

A file is read for its tag once, and again when it looks changed: by its size, its time, or the
time of its last change of any kind, which nobody can set.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from hashlib import sha256
from time import time
from typing import Final

from attrs import define, field, frozen
from twisted.internet.task import cooperate
from twisted.python.failure import Failure

from wsecho.bus.deferreds import promise_of
from wsecho.core.promise import Later, Promise
from wsecho.core.wire.base64url import encode

MAX_KNOWN: Final = 4_096
"""Files whose tags are remembered."""

LARGEST: Final = 1 << 26
"""Bytes of a file that is read for its tag; a larger one has none, and is known by its date."""

_AT_ONCE: Final = 1 << 16
"""Bytes that are read at once; more of a file comes in later turns of the reactor."""

_TAG_BYTES: Final = 18
_UNSETTLED: Final = 2.0
"""Seconds for which a further change may leave all times as they are: clocks of file systems tick
slowly."""


@frozen
class _Looks:
    """By what a file is told from itself at another time."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, descriptor: int) -> "_Looks":
        status = os.fstat(descriptor)
        times = status.st_mtime_ns, status.st_ctime_ns
        return cls(status.st_dev, status.st_ino, status.st_size, *times)

    @property
    def second(self) -> int:
        return self.modified_ns // 1_000_000_000


@frozen
class Fingerprint:
    """What is known of a file's content.

    Attributes:
        tag: its opaque tag, quotes included; None where it is too large, or changed while it was
            read.
        is_dated_well: whether no other content was seen with its time, cut to seconds.
    """

    tag: str | None
    is_dated_well: bool = True


@define
class _Known:
    """What was seen of a file last."""

    looks: _Looks
    fingerprint: Fingerprint
    is_settled: bool


@define(eq=False)
class Fingerprints:
    """Makes the tags, and remembers them.

    Args:
        now: the time of day, Unix seconds, as the file system has it.
    """

    _now: Callable[[], float] = time
    _known: OrderedDict[str, _Known] = field(factory=OrderedDict, init=False)
    _reading: dict[tuple[str, _Looks], Promise[Fingerprint]] = field(factory=dict, init=False)

    def of(self, path: str, descriptor: int) -> Later[Fingerprint]:
        """Return what is known of an open file; later, where much of it has to be read.

        Args:
            path: where it was found.
            descriptor: the file's; its offset stays where it is.

        Raises:
            OSError: it cannot be read.
        """
        looks = _Looks.of(descriptor)
        known = self._known.get(path)
        if known is not None and known.is_settled and known.looks == looks:
            self._known.move_to_end(path)
            return known.fingerprint
        if looks.size > LARGEST:
            return Fingerprint(None)
        if looks.size <= _AT_ONCE:
            digest = sha256(os.pread(descriptor, _AT_ONCE + 1, 0))
            return self._learn(path, looks, descriptor, digest.digest())
        return self._read_later(path, looks, descriptor)

    def _read_later(self, path: str, looks: _Looks, descriptor: int) -> Promise[Fingerprint]:
        """Read a file once for all who ask meanwhile."""
        reading = self._reading.get((path, looks))
        if reading is not None:
            return reading
        # Whoever asked may close the file before it was read.
        own = os.dup(descriptor)
        digest = sha256()

        def read() -> Iterator[None]:
            position = 0
            # Not beyond what was there: a file may grow faster than it is read.
            while position < looks.size and (octets := os.pread(own, _AT_ONCE, position)):
                digest.update(octets)
                position += len(octets)
                yield

        def learn(_: object) -> Fingerprint:
            return self._learn(path, looks, own, digest.digest())

        def end(outcome: Fingerprint | Failure) -> Fingerprint | Failure:
            os.close(own)
            del self._reading[path, looks]
            return outcome

        learned = cooperate(read()).whenDone().addCallback(learn).addBoth(end)
        reading = self._reading[path, looks] = promise_of(learned)
        return reading

    def _learn(self, path: str, looks: _Looks, descriptor: int, digest: bytes) -> Fingerprint:
        if _Looks.of(descriptor) != looks:
            # It changed under the reader's hands: nobody knows what was read.
            return Fingerprint(None)
        tag = f'"{encode(digest[:_TAG_BYTES])}"'
        before = self._known.pop(path, None)
        is_dated_well = before is None or _is_dated_well(before, looks, tag)
        found = Fingerprint(tag, is_dated_well)
        is_settled = not 0 <= self._now() - looks.changed_ns / 1e9 < _UNSETTLED
        self._known[path] = _Known(looks, found, is_settled)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return found


def _is_dated_well(before: _Known, looks: _Looks, tag: str) -> bool:
    if before.looks.second != looks.second:
        return True
    return before.fingerprint.is_dated_well and before.fingerprint.tag == tag
