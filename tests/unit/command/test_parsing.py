# SPDX-License-Identifier: MIT
"""How words of commands are read."""

import pytest

from wsecho.command.parsing import CommandParser, command_parser


@pytest.fixture
def parser() -> CommandParser:
    """A command with an option."""
    parser = command_parser("sing", "Sing.\n", "examples:\n  wsecho sing\n")
    parser.add_argument("--loud", action="store_true")
    return parser


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--lod"], "there is no --lod: did you mean --loud?"),
        (["--lod=5"], "there is no --lod: did you mean --loud?"),
        (["--zzz"], "there is no --zzz"),
        (["--lou"], "there is no --lou: did you mean --loud?"),
        (["x\ny"], r"there is no x\ny"),
    ],
)
def test_what_there_is_not(
    parser: CommandParser, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    """Is said in one line, with what was meant, and where to look."""
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(words)
    assert caught.value.code == 2
    assert capsys.readouterr().err == f"wsecho sing: {complaint} (wsecho sing --help)\n"


def test_what_there_is(parser: CommandParser) -> None:
    """Is read."""
    assert parser.parse_args(["--loud"]).loud
