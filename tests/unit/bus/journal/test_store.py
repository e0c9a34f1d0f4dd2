# SPDX-License-Identifier: MIT
"""The file: what is written is read again, whole or not at all."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.bus.journal import store as store_module
from wsecho.bus.journal.records import (
    Contents,
    StoredKey,
    StoredMessage,
    StoredRoom,
    Transaction,
)
from wsecho.bus.journal.store import Store, StoreError, StoreFullError
from wsecho.core.rooms.authors import Author


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that is not there yet."""
    return tmp_path / "some" / "data"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """One that is open."""
    made = Store(folder, lambda: "fresh")
    made.open()
    yield made
    made.close()


def again(store: Store, folder: Path) -> Contents:
    """Close it, and read what it holds."""
    store.close()
    after = Store(folder, lambda: "fresh")
    contents = after.open()
    after.close()
    store.open()
    return contents


def message(offset: int, text: bytes = b"x") -> StoredMessage:
    """Some message."""
    return StoredMessage(offset, text, False, 5.0, 7, None)


def test_all_that_is_written_is_read(store: Store, folder: Path) -> None:
    """Whatever stands in it."""
    ann, bob = Author("a", "Ann \u00e9\U0001f600"), Author("b")
    room = StoredRoom(1, "r\u00e9 '", "e", 3, 9.5, 2.0)
    room.messages.extend(
        [
            StoredMessage(2, b"\0\xff", True, 5.5, (1 << 53) - 1, ann),
            StoredMessage(3, b"", False, 9.5, 1, bob),
        ]
    )
    key = StoredKey(b"k\0", b"d\xff", "e", 3, 1, 99.0, "payer")
    written = Transaction([StoredRoom(1, room.name, "e", 0, 0.0, 1.0)], now=2.0, keys=[key])
    written.messages.extend((1, each) for each in room.messages)
    written.heads[1] = 3, 9.5
    written.kept.extend([("s", "a", b"\0"), ("s", "b", b"1"), ("s", "b", None), ("t", "a", b"")])
    store.write(written)
    kept = {"s": {"a": b"\0"}, "t": {"a": b""}}
    assert again(store, folder) == Contents([room], [key], kept, is_doubtful=False)


@given(st.lists(st.integers(1, 700), min_size=1, max_size=4))
def test_any_number_is_written_at_once(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    """All of them, in their order."""
    folder = tmp_path_factory.mktemp("data")
    store = Store(folder, lambda: "fresh")
    store.open()
    store.write(Transaction([StoredRoom(1, "r", "e", 0, 0.0, 0.0)]))
    head = 0
    for size in sizes:
        offsets = range(head + 1, head + size + 1)
        head += size
        messages = [(1, message(offset, b"%d" % offset)) for offset in offsets]
        store.write(Transaction(messages=messages, heads={1: (head, 5.0)}))
    [room] = again(store, folder).rooms
    store.close()
    assert [each.offset for each in room.messages] == list(range(1, sum(sizes) + 1))
    assert room.head == sum(sizes)


def test_what_fails_is_not_written_at_all(store: Store, folder: Path) -> None:
    """Nothing of it, whatever stood before what is wrong."""
    store.write(Transaction([StoredRoom(1, "r", "e", 0, 0.0, 0.0)]))
    store.write(Transaction(messages=[(1, message(1))], heads={1: (1, 5.0)}))
    twice = Transaction(messages=[(1, message(2)), (1, message(1))], heads={1: (2, 5.0)})
    with pytest.raises(StoreError):
        store.write(twice)
    [room] = again(store, folder).rooms
    assert (room.head, room.messages) == (1, [message(1)])


def test_a_room_that_begins_anew_has_nothing_of_before(store: Store, folder: Path) -> None:
    """It keeps its number."""
    store.write(Transaction([StoredRoom(1, "r", "e", 0, 0.0, 0.0)]))
    store.write(Transaction(messages=[(1, message(1))], heads={1: (1, 5.0)}))
    fresh = StoredRoom(1, "r", "f", 0, 0.0, 3.0)
    store.write(Transaction([fresh]))
    assert again(store, folder).rooms == [fresh]


def test_what_is_old_goes_in_steps(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages up to an offset, whole rooms, keys; the file shrinks again."""
    monkeypatch.setattr(store_module, "_SLICE", 10)
    rooms = [StoredRoom(number, f"r{number}", "e", 0, 0.0, 0.0) for number in (1, 2)]
    keys = [StoredKey(b"%d" % n, b"", "e", 1, 1, float(n), "") for n in range(30)]
    messages = [(n, message(place, b"x" * 9000)) for n in (1, 2) for place in range(1, 96)]
    heads = {1: (95, 5.0), 2: (95, 5.0)}
    store.write(Transaction(rooms, messages, heads, keys))
    again(store, folder)
    size = (folder / "journal.db").stat().st_size
    store.tidy({1: 90}, [2], 25.0)
    contents = again(store, folder)
    [room] = contents.rooms
    assert (room.name, [each.offset for each in room.messages]) == ("r1", [91, 92, 93, 94, 95])
    assert [key.until for key in contents.keys] == [26.0, 27.0, 28.0, 29.0]
    for _ in range(5):
        store.tidy({}, [], 25.0)
    again(store, folder)
    assert (folder / "journal.db").stat().st_size < size / 4


@pytest.mark.parametrize(
    ("sync", "boots", "is_closed", "is_doubtful"),
    [
        ("normal", ("a", "a"), False, False),
        ("normal", ("a", "b"), False, True),
        ("normal", ("a", "b"), True, False),
        ("full", ("a", "b"), False, False),
    ],
)
def test_rooms_begin_anew_where_the_machine_ended_before_the_disk_had_all(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    sync: store_module.Sync,
    boots: tuple[str, str],
    is_closed: bool,
    is_doubtful: bool,
) -> None:
    """And nowhere else: with what they still remember."""
    words = iter(["fresh", "more"])
    monkeypatch.setattr(store_module, "_boot", lambda: boots[0])
    store = Store(folder, words.__next__, sync)
    store.open()
    store.write(Transaction([StoredRoom(1, "r", "e", 0, 0.0, 0.0)]))
    store.write(Transaction(messages=[(1, message(1))], heads={1: (1, 5.0)}))
    (store.close if is_closed else store.abandon)()
    monkeypatch.setattr(store_module, "_boot", lambda: boots[1])
    after = Store(folder, words.__next__, sync)
    contents = after.open()
    after.close()
    [room] = contents.rooms
    assert contents.is_doubtful is is_doubtful
    assert (room.epoch, room.head) == ("fresh" if is_doubtful else "e", 1)
    assert room.messages == [message(1)]


def make_file(folder: Path) -> None:
    """A file where the folder is to be."""
    folder.parent.mkdir(parents=True)
    folder.write_text("")


def make_nonsense(folder: Path) -> None:
    """A file that is none of ours."""
    folder.mkdir(parents=True)
    (folder / "journal.db").write_bytes(b"nonsense" * 1000)


def make_later(folder: Path) -> None:
    """A file of a later version."""
    store = Store(folder, lambda: "fresh")
    store.open()
    store._db.execute("PRAGMA user_version = 99")
    store.close()


def make_damaged(folder: Path) -> None:
    """A file that lacks something, and was not closed."""
    store = Store(folder, lambda: "fresh")
    store.open()
    store.write(Transaction(kept=[("s", f"{number}", b"x" * 3000) for number in range(50)]))
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    store.abandon()
    with (folder / "journal.db").open("r+b") as file:
        file.seek(4096 * 8)
        file.write(b"\xff" * 4096 * 10)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (make_file, "cannot be written"),
        (make_nonsense, "damaged"),
        (make_later, "from a later version"),
        (make_damaged, "damaged"),
    ],
)
def test_what_cannot_be_used_is_told(
    folder: Path, make: Callable[[Path], None], reason: str
) -> None:
    """Before anything is served; and the folder is not kept from whoever mends it."""
    make(folder)
    for _ in range(2):
        with pytest.raises(StoreError, match=reason):
            Store(folder, lambda: "fresh").open()


def test_a_folder_has_one_server(store: Store, folder: Path) -> None:
    """Until that has ended."""
    with pytest.raises(StoreError, match="another server uses"):
        Store(folder, lambda: "fresh").prepare()
    store.close()
    other = Store(folder, lambda: "fresh")
    other.prepare()
    other._leave()
    store.open()


def test_a_full_file_is_told_apart(store: Store, folder: Path) -> None:
    """It is tried again; and it takes what there is room for."""
    store.write(Transaction(kept=[("s", "a", b"x")]))
    [pages] = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFullError, match="no room"):
        store.write(Transaction(kept=[("s", "b", b"x" * 100_000)]))
    with pytest.raises(StoreFullError):
        store.probe()
    store._db.execute("PRAGMA max_page_count = 1000000")
    store.probe()
    store.write(Transaction(kept=[("s", "b", b"x" * 100_000)]))
    assert set(again(store, folder).kept["s"]) == {"a", "b"}
