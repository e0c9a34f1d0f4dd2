# SPDX-License-Identifier: MIT
"""The words of a command line, before their values are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.config.config import OPTIONS, SWITCHES
from wsecho.config.errors import CommandError
from wsecho.config.words import read_words


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("", {}),
        ("--drain 5", {"drain": "5"}),
        ("--drain=5", {"drain": "5"}),
        ("--drain=", {"drain": ""}),
        ("--drain 5 --drain 6", {"drain": "6"}),
        ("--drain --no-lane", {"drain": "--no-lane"}),
        ("--listen 1 --listen=2=3", {"listen": ["1", "2=3"]}),
        ("--no-lane --no-comp", {"no-lane": True, "no-compression": True}),
        ("--reply=-x", {"reply": "-x"}),
    ],
)
def test_words_as_getopt_reads_them(line: str, values: dict[str, object]) -> None:
    """A value is the next word, or behind `=`; the beginning of a name will do."""
    assert read_words(line.split()).values == values


@given(st.sampled_from(sorted({*OPTIONS, *SWITCHES, "config", "help", "version"})), st.data())
def test_a_name_s_beginning_means_it_or_may_be_several(name: str, data: st.DataObject) -> None:
    """Never another option."""
    beginning = name[: data.draw(st.integers(1, len(name)))]
    names = {*OPTIONS, *SWITCHES, "config", "help", "version"}
    several = [one for one in names if one.startswith(beginning)]
    words = [f"--{beginning}", *(["x"] if name in {*OPTIONS, "config"} else [])]
    if len(several) > 1 and beginning not in names:
        with pytest.raises(CommandError, match="may be any of"):
            read_words(words)
    elif beginning == name:
        found = read_words(words)
        given_ = {*found.values, *(["config"] if found.config else [])}
        given_ |= {"help"} if found.help is not None else set()
        assert given_ | ({"version"} if found.wants_version else set()) == {name}


@given(st.lists(st.one_of(st.text(), st.sampled_from(["--", "-", "--=", "--drain", "-h", "--h"]))))
def test_any_words_are_read_or_complained_about(words: list[str]) -> None:
    """In one line."""
    complaint = ""
    try:
        read_words(words)
    except CommandError as error:
        complaint = str(error)
    assert complaint.isprintable()
