# SPDX-License-Identifier: MIT
"""A message in fragments: what it costs until it is whole, and how many there may be."""

import tracemalloc

import pytest

from wsecho.core.websocket.gathering import MAX_FRAGMENTS, Gathering


def test_so_many_fragments_are_a_message() -> None:
    """RFC 6455 section 10.4 leaves the number to us; the testsuite sends 65,536."""
    gathering = Gathering(is_binary=True, is_compressed=False, most=10)
    assert not any(gathering.begin_frame(0) for _ in range(131_072))
    why = gathering.begin_frame(0)
    assert why is not None
    assert (int(why.code), why.reason) == (
        1008,
        "a message of more than 131072 fragments is not taken",
    )


def test_all_frames_together_are_as_long_as_a_message_may_be() -> None:
    """It is known from their heads, before anything comes."""
    gathering = Gathering(is_binary=True, is_compressed=False, most=10)
    assert gathering.begin_frame(4) is None
    assert gathering.begin_frame(6) is None
    assert gathering.begin_frame(0) is None
    why = gathering.begin_frame(1)
    assert why is not None
    assert int(why.code) == 1009
    assert "size 11 exceeds payload limit of 10 octets" in why.reason


@pytest.mark.parametrize("size", [0, 1, 2, 3000])
def test_what_is_kept_does_not_grow_with_their_number(size: int) -> None:
    """At most twice their octets, and a constant."""
    tracemalloc.start()
    try:
        gathering = Gathering(is_binary=True, is_compressed=False, most=1 << 24)
        for number in range(3000):
            assert gathering.begin_frame(size) is None
            gathering.payload += bytes([number % 256]) * size
        cost = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert MAX_FRAGMENTS > 3000
    assert cost <= 2 * len(gathering.payload) + 2048
