# SPDX-License-Identifier: MIT
"""How deep a message is: the quick look at its octets says nothing else than the slow one."""

import json
from typing import Any

import cbor2
import msgpack
from hypothesis import given
from hypothesis import strategies as st

from wsecho.doors.wamp.nesting import in_octets, in_text, is_deeper

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(-(2**31), 2**31) | st.text("a[{\u00dd", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=12,
)


def depth(value: object) -> int:
    """The same by recursion."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(VALUES, st.integers(1, 5))
def test_a_message_is_too_deep_in_every_form_or_in_none(value: object, most: int) -> None:
    """A message is a list at least; brackets in strings do not count."""
    message = [value]
    expected = depth(message) > most
    assert is_deeper(message, most) is expected
    assert in_text(json.dumps(message, ensure_ascii=False), message, most) is expected
    assert in_octets(msgpack.packb(message), message, most) is expected
    assert in_octets(cbor2.dumps(message), message, most) is expected


def test_tags_and_sets_count_too() -> None:
    """In CBOR they hold something."""
    assert is_deeper([cbor2.CBORTag(1, [0])], 2)
    assert not is_deeper([cbor2.CBORTag(1, 0)], 2)
    assert is_deeper([frozenset({(1,)})], 2)
