# SPDX-License-Identifier: MIT
"""The tables `[rooms."GLOB"]` of a file: what they mean, and what is said of a mistake in them."""

from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.config.config import OPTIONS, Config
from wsecho.config.errors import CommandError
from wsecho.config.given import Given
from wsecho.config.room_tables import KEYS, read_room_tables
from wsecho.config.values import slow_rule
from wsecho.core.rooms.rules import EVENTS, RoomRule, RoomTable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a file of options can be."""
    return tmp_path / "x.toml"


def parsed(file: Path, text: str, *words: str) -> Config:
    """The configuration that a file makes."""
    file.write_text(text)
    return Given.read(("--config", str(file), *words)).load()


def test_the_tables_are_read_in_their_order(file: Path) -> None:
    """Beside the options, and with what each leaves out left out."""
    text = """
        history = 7
        [rooms."team-*"]
        history-ttl = 2.5
        history-bytes = "1MiB"
        max-members = 3
        slow = "latest"
        publish = "server"
        presence = "off"
        message-rate = 5
        byte-rate = "64KiB"
        ask = ["join"]
        tell = ["occupied", "vacated"]
        [rooms.team-a]
        [rooms."*"]
        history = 0
    """
    config = parsed(file, text)
    assert [table.glob for table in config.room_tables] == ["team-*", "team-a", "*"]
    assert config.file == file
    rules = config.room_rules
    assert rules.of("team-a") == RoomRule(
        glob="team-*",
        history=7,
        history_ttl=2.5,
        history_bytes=1 << 20,
        max_members=3,
        slow="latest",
        publish="server",
        presence="off",
        message_rate=5.0,
        byte_rate=64 << 10,
        ask=frozenset({"join"}),
        tell=frozenset({"occupied", "vacated"}),
    )
    assert rules.of("else") == RoomRule(glob="*", history=0)


def test_a_command_line_leaves_the_tables_as_they_are(file: Path) -> None:
    """It gives what they leave out."""
    config = parsed(file, "[rooms.a]\nmax-members = 3\n[rooms.b]\nhistory = 1", "--history", "9")
    assert config.room_rules.of("a").history == 9
    assert config.room_rules.of("b").history == 1


def test_without_a_table_all_is_as_it_was(file: Path) -> None:
    """An empty table of tables is none."""
    assert parsed(file, "[rooms]\n").room_tables == ()
    assert Given.read(()).load().room_tables == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("\nrooms = 3", ", line 2: rooms = 3: it is no table"),
        ("[[rooms]]\nx = 1", ", line 1: rooms = "),
        ("[rooms]\nx = 3", ", line 2: [rooms] x = 3: it is no table"),
        ("[rooms]\nhistory = 3", ", line 2: [rooms] history = 3: it is no table: write [rooms.GLO"),
        ('[[rooms."a"]]\nhistory = 3', ", line 1: [rooms] a = "),
        ('[rooms.""]', ', line 1: [rooms.""]: the glob is empty'),
        ('[rooms."a["]\nhistory = 1', ', line 1: [rooms."a["]: a [ has no ]'),
        ('[rooms."a[]"]', ', line 1: [rooms."a[]"]: a [ has no ]'),
        ('[rooms."a[!]"]', ', line 1: [rooms."a[!]"]: a [ has no ]'),
        ('[rooms."[a]["]', ', line 1: [rooms."[a]["]: a [ has no ]'),
        (
            "[rooms.a]\n\nhisstory = 3",
            ', line 3: [rooms."a"] hisstory = 3: there is no such key: did',
        ),
        ("[rooms.a]\nlisten = 3", ', line 2: [rooms."a"] listen = 3: there is no such key: the k'),
        ("[rooms.a.b]\nx = 3", ', line 1: [rooms."a"."b"]: there is no such key'),
        ("[rooms.a]\nHistory = 3", ', line 2: [rooms."a"] History = 3: there is no such key: did'),
        ("[rooms.a]\nhistory = -1", ', line 2: [rooms."a"] history = -1: not a number'),
        ('[rooms.a]\nhistory = "x"', ', line 2: [rooms."a"] history = "x": not a number'),
        ("[rooms.a]\nhistory = true", ', line 2: [rooms."a"] history = true: not a number'),
        ("[rooms.a]\nhistory = [3]", ', line 2: [rooms."a"] history = [3]: not a number'),
        ("[rooms.a]\nhistory = {}", ', line 2: [rooms."a"."history"]: not a number'),
        ("[rooms.a]\nhistory = 0x1ffffffffffffffff", ', line 2: [rooms."a"] history = …: a num'),
        (f"[rooms.a]\nx = {1 << 70}", ', line 2: [rooms."a"] x = …: there is no such key'),
        (f"[rooms]\nx = {1 << 70}", ", line 2: [rooms] x = …: it is no table"),
        ("[rooms.a]\nhistory-ttl = 0", ', line 2: [rooms."a"] history-ttl = 0: not a time'),
        ("[rooms.a]\nhistory-ttl = nan", ', line 2: [rooms."a"] history-ttl = nan: not a time'),
        ("[rooms.a]\nhistory-bytes = 0", ', line 2: [rooms."a"] history-bytes = 0: not a size'),
        ("[rooms.a]\nmax-members = 0", ', line 2: [rooms."a"] max-members = 0: not a number'),
        ("[rooms.a]\nmessage-rate = -1", ', line 2: [rooms."a"] message-rate = -1: not a rate'),
        ('[rooms.a]\nbyte-rate = "x"', ', line 2: [rooms."a"] byte-rate = "x": not a size'),
        ('[rooms.a]\nslow = "latst"', 'slow = "latst": there is no latst: did you mean latest?'),
        ('[rooms.a]\nslow = "b=latest"', ', line 2: [rooms."a"] slow = "b=latest": '),
        ('[rooms.a]\npublish = "x"', 'publish = "x": give clients or server'),
        ("[rooms.a]\npresence = false", ', line 2: [rooms."a"] presence = false: give on or off'),
        ('[rooms.a]\nask = ["joins"]', 'ask = ["joins"]: there is no joins: did you mean join?'),
        ('[rooms.a]\ntell = ["join", 1]', 'tell = ["join", 1]: give occupied or vacated or '),
        (
            '[rooms.a]\ntell = ["vacated", "join"]\npresence = "off"',
            ', line 2: [rooms."a"] tell = ["vacated", "join"]: with presence = "off" nobody',
        ),
        (
            '[rooms.a]\npresence = "off"\ntell = "leave"',
            ', line 3: [rooms."a"] tell = "leave": with presence = "off" nobody is told of leave',
        ),
        ("[room.a]", ", line 1: [room]: there is no such option: did you mean rooms?"),
    ],
)
def test_a_mistake_is_one_line_that_names_file_table_and_key(
    file: Path, text: str, complaint: str
) -> None:
    """With the value as it is written there."""
    with pytest.raises(CommandError) as caught:
        parsed(file, text)
    line = str(caught.value)
    assert line.startswith(str(file))
    assert complaint in line
    assert "\n" not in line
    assert caught.value.status == 2


def test_globs_of_slow_readers_are_the_same() -> None:
    """They are looked at by the same rule."""
    with pytest.raises(ValueError, match="a \\[ has no \\]"):
        slow_rule("a[=latest")


SAME_AS_OPTIONS = sorted(KEYS.keys() & OPTIONS.keys() - {"slow", "ask", "tell"})


@given(
    name=st.sampled_from(SAME_AS_OPTIONS),
    value=st.one_of(st.integers(-2, 10**15), st.floats(), st.booleans(), st.text(max_size=5)),
)
def test_a_value_means_what_the_option_of_that_name_takes_it_for(name: str, value: Any) -> None:
    """What the one refuses the other refuses."""

    def outcome(read: Any) -> Any:
        try:
            return read()
        except Exception as error:  # noqa: BLE001  # which one does not matter
            return getattr(error, "reason", None)

    def by_table() -> Any:
        return read_room_tables({"a": {name: value}})[0].given[KEYS[name].field]

    assert outcome(by_table) == outcome(lambda: OPTIONS[name].value(value))


def test_each_key_is_a_field_and_each_field_a_key() -> None:
    """But for what a table cannot say."""
    fields = {key.field for key in KEYS.values()}
    assert fields == {field.name for field in attrs.fields(RoomRule)} - {
        "glob",
        "over_rate",
        "is_open",
    }


def test_a_single_word_is_a_list_of_one() -> None:
    """As for options that may be given again."""
    assert read_room_tables({"a": {"tell": "message"}}) == (
        RoomTable("a", {"tell": frozenset({"message"})}),
    )
    assert read_room_tables({"a": {"tell": list(EVENTS), "ask": []}})[0].given["ask"] == set()
