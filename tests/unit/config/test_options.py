# SPDX-License-Identifier: MIT
"""The command line of `twistd wsecho`."""

from pathlib import Path

import pytest

from wsecho import __version__
from wsecho.config.config import OPTIONS, SWITCHES, Config
from wsecho.config.options import Options


def parsed(*arguments: str) -> Options:
    """What a command line says."""
    options = Options()
    options.parseOptions(list(arguments))
    return options


def test_nothing_is_the_default() -> None:
    """And the arguments are kept, to be given to workers."""
    options = parsed()
    assert (options.config, options.arguments) == (Config(), ())


def test_what_is_repeated_is_a_list() -> None:
    """Of all else, the last one counts."""
    arguments = ("--listen", "tcp:1", "--drain=5", "--listen", "tcp:2", "--drain", "6")
    options = parsed(*arguments)
    assert options.config.listen == ("tcp:1", "tcp:2")
    assert options.config.drain == 6
    assert options.arguments == arguments


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    """Also with a list, to which it does not add."""
    file = tmp_path / "x.toml"
    file.write_text('listen = ["tcp:1", "tcp:2"]\ndrain = 5\nsend-queue = "1M"\n')
    config = parsed("--config", str(file), "--listen", "tcp:3", "--drain", "6").config
    assert (config.listen, config.drain, config.send_queue) == (("tcp:3",), 6, 1 << 20)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--drain", "soon"), "wsecho: --drain soon: "),
        (("--listne", "tcp:1"), "wsecho: "),
        (("--drain",), "wsecho: "),
        (("--config", "/no/such/file"), "wsecho: --config /no/such/file: "),
        (("tcp:8080",), "wsecho: "),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], text: str) -> None:
    """That tells where to read on."""
    with pytest.raises(SystemExit) as caught:
        parsed(*arguments)
    line = str(caught.value)
    assert line.startswith(text)
    assert line.endswith(" (--help lists the options)")
    assert "\n" not in line


def test_each_option_stands_in_the_help() -> None:
    """With examples at its end."""
    text = Options().getUsage()
    assert all(f"--{name}" in text for name in [*OPTIONS, *SWITCHES])
    assert text.index("Examples:") > text.index("--version")


def test_the_version_is_wsechos(capsys: pytest.CaptureFixture[str]) -> None:
    """Not Twisted's."""
    with pytest.raises(SystemExit) as caught:
        parsed("--version")
    assert (caught.value.code, capsys.readouterr().out) == (0, f"wsecho {__version__}\n")
