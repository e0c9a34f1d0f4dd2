# SPDX-License-Identifier: MIT
"""The command line of `twistd wsecho`."""

from pathlib import Path

import pytest

from wsecho import __version__
from wsecho.config.config import Config
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
    ("arguments", "status", "text"),
    [
        (("--drain", "soon"), 2, "wsecho: --drain soon: "),
        (("--listne", "tcp:1"), 2, "wsecho: "),
        (("--drain",), 2, "wsecho: "),
        (("--config", "/no/such/file"), 1, "wsecho: --config /no/such/file: "),
        (("tcp:8080",), 2, "wsecho: "),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...], status: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error; the status tells what means nothing from what cannot be done here."""
    with pytest.raises(SystemExit) as caught:
        parsed(*arguments)
    line = capsys.readouterr().err
    assert caught.value.code == status
    assert line.startswith(text)
    assert line.count("\n") == 1


def test_help_is_as_twistd_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, for a pipe."""
    with pytest.raises(SystemExit) as caught:
        parsed("--help")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: twistd -n wsecho [options]\n")


def test_the_version_is_wsechos(capsys: pytest.CaptureFixture[str]) -> None:
    """Not Twisted's."""
    with pytest.raises(SystemExit) as caught:
        parsed("--version")
    assert (caught.value.code, capsys.readouterr().out) == (0, f"wsecho {__version__}\n")
