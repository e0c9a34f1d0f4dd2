# SPDX-License-Identifier: MIT
"""What is on its way: counted while it is, and forgotten afterwards."""

from wsecho.bus.journal.pending import Ahead, Awaiting, Pending, Underway
from wsecho.core.promise import Promise


def waiter() -> Awaiting:
    """Somebody who waits."""
    return Awaiting(lambda: None, lambda _: None)


def test_one_is_written_while_the_next_one_grows() -> None:
    """And only one."""
    pending = Pending()
    assert pending.begin() is None
    first, second = waiter(), waiter()
    pending.next.waiters.append(first)
    assert pending.begin() is pending.written
    pending.next.waiters.append(second)
    assert pending.begin() is None
    assert len(pending) == 2
    assert pending.end() == [first]
    assert pending.end() == []
    assert pending.begin() is not None
    assert pending.give_up() == [second]
    assert len(pending) == 0


def test_a_room_is_ahead_until_all_has_arrived() -> None:
    """Then the hub knows as much."""
    pending = Pending()
    pending.ahead["a"] = Ahead(1, "e", 2, 0.0, waiting=2)
    pending.took("a")
    assert "a" in pending.ahead
    pending.took("a")
    assert "a" not in pending.ahead
    pending.took("a")


def test_keys_count_until_they_are_free() -> None:
    """Each among those of whoever pays."""
    pending = Pending()
    for name in (b"1", b"2"):
        pending.use_key(name, Underway(b"", "me", Promise()))
    assert pending.payers["me"] == 2
    pending.free_key(b"1")
    pending.free_key(b"1")
    assert pending.payers["me"] == 1
    pending.free_key(b"2")
    assert not pending.payers
