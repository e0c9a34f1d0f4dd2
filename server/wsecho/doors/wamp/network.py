# SPDX-License-Identifier: MIT
"""The way from one node's WAMP router to the others': over the bus, as CBOR.

A notice goes as the CBOR (RFC 8949) of ``[NODE, NOTICE]``, the latter as
`wsecho.router.cluster.messages` writes it; the subject is ``wamp:REALM``. What only MessagePack can
say goes as MessagePack within a tag.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import cbor2
import msgpack
from twisted.logger import Logger

from wsecho.bus.interface import Bus
from wsecho.core.promise import Later, when
from wsecho.core.rooms.leases import Claim, HeldError
from wsecho.core.rooms.wills import Will
from wsecho.doors.wamp.objects import MESSAGE_PACK, TAGS, Extension
from wsecho.doors.wamp.translation import in_bus_terms, in_wamp_terms
from wsecho.doors.wamp.unfit import MalformedError
from wsecho.router import CannotCarryError, Publication
from wsecho.router.cluster import messages
from wsecho.router.cluster.messages import Notice
from wsecho.router.wire.errors import TakenError

_MESSAGE_PACK: Final = 1_464_156_504
"""The CBOR tag of what only MessagePack has a form for: one that nobody has registered."""

_DEPTH: Final = 4_000
"""How deep a payload may be nested; no serializer of ours reads one so deep from a peer."""

_log = Logger()


class BusNetwork:
    """Leads to the routers of one realm.

    Args:
        bus: leads to the other nodes.
        realm: the realm's name.
    """

    def __init__(self, bus: Bus, realm: str) -> None:
        self._bus = bus
        self._realm = realm
        self._subject = f"wamp:{realm}"
        self.node = bus.node
        self.goes_on_alone = bus.speaks_locally
        self.patience = bus.node_ttl

    @property
    def is_away(self) -> bool:
        """Whether the other nodes cannot be reached."""
        return self._bus.is_away

    def begin(
        self,
        heard: Callable[[str, Notice], None],
        changed: Callable[[frozenset[str]], None],
    ) -> None:
        """Begin to hear what they say, and which of them live."""

        def hear(payload: bytes) -> None:
            node, words = decode_notice(payload)
            notice = messages.read(words)
            if notice is not None:
                heard(node, notice)

        self._bus.listen(self._subject, hear)
        self._bus.watch_nodes(changed)

    def tell(self, notice: Notice, keep: str | None = None) -> Later[None]:
        """Tell all nodes, this one included.

        Raises:
            WampError: they cannot be reached.
            CannotCarryError: it holds what CBOR has no form for.
        """
        if self._is_alone:
            return None
        payload = self._encode(notice)
        if isinstance(notice, Publication):
            told = partial(self._bus.broadcast_logged, self._subject, payload, keep)
            return in_wamp_terms(lambda: when(told(), lambda _: None))
        # All else is told anew to who was cut off.
        return in_wamp_terms(lambda: self._bus.announce(self._subject, payload))

    def send(self, node: str, notice: Notice) -> Later[bool]:
        """Tell one node; whether it is there.

        Raises:
            WampError: it cannot be reached.
            CannotCarryError: it holds what CBOR has no form for.
        """
        payload = self._encode(notice)
        return in_wamp_terms(lambda: self._bus.send_to(node, self._subject, payload))

    def catch_up(self) -> Later[None]:
        """Hear first what was told before.

        Raises:
            WampError: that cannot be known.
        """
        return in_wamp_terms(self._bus.catch_up)

    def keep(self, name: str, notice: Notice) -> None:
        """Keep what nodes that come later should know, if they can be reached."""
        # What was said here alone need not have a form between nodes.
        with suppress(CannotCarryError):
            self._bus.keep(self._subject, name, self._encode(notice))

    def drop(self, names: Sequence[str]) -> None:
        """Keep it no longer, if they can be reached."""
        if names:
            self._bus.drop(self._subject, names)

    def kept(self) -> Later[Iterable[Notice]]:
        """Read what is kept.

        Raises:
            WampError: it cannot be read now.
        """

        def read(found: dict[str, bytes]) -> Iterable[Notice]:
            return [notice for payload in found.values() if (notice := _read_kept(payload))]

        return in_wamp_terms(lambda: when(self._bus.kept(self._subject), read))

    def bequeath(self, name: str, notice: Notice) -> Later[None]:
        """Have other nodes inherit something once this one is dead.

        Raises:
            WampError: they cannot be told.
            CannotCarryError: it holds what CBOR has no form for.
        """
        payload = self._encode(notice)
        return in_wamp_terms(lambda: self._bus.bequeath(self._subject, name, payload))

    def revoke(self, names: Sequence[str]) -> None:
        """Have them inherit it no more."""
        if names:
            self._bus.revoke(self._subject, names)

    def inherit(self, heir: Callable[[str, str, Notice], Later[bool]]) -> None:
        """Inherit what dead nodes left."""

        def take(will: Will, payload: bytes) -> Later[bool]:
            notice = _read_kept(payload)
            return True if notice is None else in_bus_terms(heir(will.node, will.name, notice))

        self._bus.inherit(self._subject, take)

    def carry_out(self, node: str, name: str, notice: Notice, keep: str | None) -> Later[bool]:
        """Tell all nodes, in one step with spending what was bequeathed.

        Raises:
            WampError: they cannot be reached.
            CannotCarryError: it holds what CBOR has no form for.
        """
        payload, will = self._encode(notice), Will(node, name)
        return in_wamp_terms(lambda: self._bus.broadcast_logged(self._subject, payload, keep, will))

    def is_spent(self, node: str, name: str) -> Later[bool]:
        """Tell whether it was carried out, or revoked.

        Raises:
            WampError: that cannot be known.
        """
        return in_wamp_terms(lambda: self._bus.is_spent(self._subject, Will(node, name)))

    def spend(self, node: str, name: str) -> None:
        """Note that it was carried out."""
        self._bus.spend(self._subject, Will(node, name))

    def claim(
        self, place: str, holder: int, rule: str, lost: Callable[[], None], *, is_shared: bool
    ) -> Later[int]:
        """Hold a place among all nodes.

        Raises:
            TakenError: others hold it.
            WampError: they cannot be asked.
        """
        claim = Claim(self._place(place), str(holder), rule, is_shared)

        def taken(error: HeldError) -> TakenError:
            return TakenError(error.rule, rule)

        return in_wamp_terms(lambda: self._bus.claim(claim, lost), {HeldError: taken})

    def cede(self, place: str, holder: int, node: str | None = None) -> None:
        """Hold it no longer."""
        self._bus.cede(self._place(place), str(holder), node)

    def take_turn(self, place: str) -> Later[int]:
        """Count up at a place, together with all nodes.

        Raises:
            WampError: they cannot be asked.
        """
        return in_wamp_terms(lambda: self._bus.take_turn(self._place(place)))

    @property
    def _is_alone(self) -> bool:
        return self.goes_on_alone and self._bus.is_away

    def _place(self, place: str) -> str:
        return f"{self._realm} {place}"

    def _encode(self, notice: Notice) -> bytes:
        return encode_notice(self.node, messages.write(notice))


def encode_notice(node: str, words: list[Any]) -> bytes:
    """Write what a node says.

    Raises:
        CannotCarryError: something in it has no form.
    """
    try:
        return cbor2.dumps([node, words], default=_encode_other)
    except (cbor2.CBOREncodeError, TypeError, ValueError, OverflowError, RecursionError):
        raise CannotCarryError from None


def decode_notice(payload: bytes) -> tuple[str, list[Any]]:
    """Read who says something, and what.

    Raises:
        cbor2.CBORDecodeError, TypeError, ValueError: no node of ours wrote that.
    """
    node, words = cbor2.loads(
        payload, tag_hook=_decode_other, semantic_decoders=TAGS, max_depth=_DEPTH
    )
    return node, words


def _read_kept(payload: bytes) -> Notice | None:
    try:
        _, words = decode_notice(payload)
        return messages.read(words)
    except (cbor2.CBORDecodeError, TypeError, ValueError):
        _log.failure("cannot read what is kept of WAMP's retained events and testaments")
        return None


def _encode_other(encoder: Any, value: object) -> None:
    if not isinstance(value, Extension | msgpack.Timestamp):
        raise TypeError
    encoder.encode(cbor2.CBORTag(_MESSAGE_PACK, MESSAGE_PACK.serialize([value])))


def _decode_other(tag: cbor2.CBORTag, _: bool) -> object:  # noqa: FBT001
    if tag.tag == _MESSAGE_PACK and isinstance(tag.value, bytes):
        with suppress(MalformedError):
            read = MESSAGE_PACK.unserialize(tag.value)
            if isinstance(read, list) and len(read) == 1:
                return read[0]
    return tag
