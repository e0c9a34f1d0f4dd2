# SPDX-License-Identifier: MIT
"""The options as somebody gave them, and what is said of them in the same terms."""

from datetime import date
from pathlib import Path

import pytest

from wsecho.config.config import Config
from wsecho.config.errors import CommandError, ConfigError, UsageError
from wsecho.config.given import Given, OptionsFile


def parse(*words: str) -> Config:
    """The configuration that a command line makes."""
    return Given.read(words).load()


def complaint(*words: str) -> str:
    """What is said of a bad command line."""
    try:
        given = Given.read(words)
    except (CommandError, ConfigError) as error:
        return str(error)
    with pytest.raises(ConfigError) as caught:
        given.load()
    return given.explain(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a file of options can be."""
    return tmp_path / "x.toml"


def test_a_file_is_read_and_the_command_line_wins(tmp_path: Path) -> None:
    """The same names in TOML."""
    file = tmp_path / "wsecho.toml"
    file.write_text('listen = ["tcp:1", "tcp:2"]\ndrain = 3\nno-compression = true\n')
    assert parse("--config", str(file)) == Config(
        listen=("tcp:1", "tcp:2"), drain=3, compression=False
    )
    config = parse("--config", str(file), "--listen", "tcp:3", "--drain", "4")
    assert (config.listen, config.drain) == (("tcp:3",), 4)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("\nnonsense = 1", "x.toml, line 2: nonsense: there is no such option"),
        ("drain = true", "x.toml, line 1: drain = true: not a time"),
        ("no-compression = 1", "x.toml, line 1: no-compression = 1: "),
        ("listen = [\n'8080',\n5.5]", "x.toml, line 1: listen = 5.5: not an endpoint"),
        ("drain = ", "x.toml: not TOML: Invalid value (at "),
        ("[drain]", "x.toml, line 1: [drain]: it is no table"),
        ('config = "y"', "x.toml, line 1: config: a file cannot name another"),
    ],
)
def test_a_mistake_in_the_file_is_one_line_too(tmp_path: Path, text: str, part: str) -> None:
    """Unknown names and wrong types are not passed over."""
    file = tmp_path / "x.toml"
    file.write_text(text)
    line = complaint("--config", str(file))
    assert part in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "number", ["9" * 5000, f"0x{'f' * 5000}", f"[0x{'f' * 5000}]", f"[[{1 << 64}]]", str(-1 << 64)]
)
@pytest.mark.parametrize("key", ["drain", "listen", "redis", "no-compression"])
def test_an_integer_has_64_bits_at_most(file: Path, key: str, number: str) -> None:
    """Python reads longer ones, which it then refuses to write into a complaint."""
    file.write_text(f"{key} = {number}\n")
    line = complaint("--config", str(file))
    assert line.startswith(f"{file}")
    assert line.endswith(": a number has more than 64 bits")


def test_a_file_must_be_text(file: Path) -> None:
    """TOML is UTF-8; the octet at fault is named."""
    file.write_bytes(b"web = '\xff'")
    assert complaint("--config", str(file)) == f"{file}: not TOML: octet 7 is not UTF-8"


def test_a_file_that_has_gone_meanwhile(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was there when it was looked for."""
    file.touch()
    read = Path.read_text

    def read_too_late(path: Path, encoding: str) -> str:
        path.unlink()
        return read(path, encoding)

    monkeypatch.setattr(Path, "read_text", read_too_late)
    assert complaint("--config", str(file)) == f"--config {file}: No such file or directory"


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_who_asks_for_help_needs_no_file(words: tuple[str, ...]) -> None:
    """What is wrong with it is no answer."""
    assert Given.read(("--config", "/nowhere.toml", *words)).file is None


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        ("drain = 1\nhistory = 2", "history", ", line 2: history"),
        ("listen = [\n'1',\n]\ndrain = 1", "drain", ", line 4: drain"),
        ("reply = '''\n{data}\ndrain = 1\n'''\ndrain = 2", "drain", ", line 5: drain"),
        ("# drain\n\n  'drain' = 1", "drain", ", line 3: drain"),
        ("\n" * 2000 + "drain = 1", "drain", ": drain"),
    ],
)
def test_the_line_of_a_key(file: Path, text: str, key: str, place: str) -> None:
    """Where it begins, whatever is before it; a very long file's is not looked for."""
    file.write_text(text)
    assert OptionsFile.read(str(file)).place(key) == f"{file}{place}"


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        (("--drain=05",), ConfigError("drain", 5.0, "x"), "--drain 05: x"),
        (("--listen=:1", "--listen=:2"), ConfigError("listen", "tcp:2", "x"), "--listen :2: x"),
        ((), ConfigError("drain", 5.0, "x"), "--drain 5.0: x"),
        (("--drain=5",), ConfigError("drain", 6.0, "x"), "--drain 6.0: x"),
        ((), UsageError("none-such", "y", "x"), "--none-such y: x"),
        ((), CommandError("x"), "x"),
    ],
)
def test_a_mistake_is_told_as_it_was_typed(
    words: tuple[str, ...], error: Exception, text: str
) -> None:
    """Though what is told of is what it has become."""
    assert Given.read(words).explain(error) == text


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("drain = 5", ConfigError("drain", 5.0, "x"), "FILE, line 1: drain = 5: x"),
        (
            "web = '/\u00e9 '",
            ConfigError("web", "/\u00e9 ", "x"),
            'FILE, line 1: web = "/\u00e9 ": x',
        ),
        ("no-lane = true", ConfigError("no-lane", True, "x"), "FILE, line 1: no-lane = true: x"),
        ("reply = 2020-01-02", UsageError("reply", date(2020, 1, 2), "x"), "reply = 2020-01-02: x"),
        ("redis = 'hush-hush'", UsageError("redis", "(not shown)", "x"), "redis = (not shown): x"),
        ("drain = 5", ConfigError("history", 1, "x"), "--history 1: x"),
    ],
)
def test_a_mistake_of_the_file_is_told_as_it_stands_there(
    file: Path, text: str, error: ConfigError, told: str
) -> None:
    """With its line; what the file does not have is told of as an option."""
    file.write_text(text)
    given = Given.read(("--config", str(file)))
    assert given.explain(error).replace(str(file), "FILE").endswith(told)


def test_the_command_line_is_to_blame_where_both_say_it(file: Path) -> None:
    """Since it is what counts."""
    file.write_text("drain = 5")
    given = Given.read(("--config", str(file), "--drain", "6"))
    assert given.explain(ConfigError("drain", 6.0, "x")) == "--drain 6: x"


@pytest.mark.parametrize(
    ("name", "elsewhere"), [("k.pub", True), ("keys/k.pub", True), ("/nowhere/k.pub", False)]
)
def test_it_is_said_where_a_file_was_looked_for(
    file: Path, name: str, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose name does not say it: a service is started in another folder than one has in mind."""
    monkeypatch.chdir("/")
    where = " in /" if elsewhere else ""
    words = ("--token-key", name)
    assert complaint(*words) == f"--token-key {name}: No such file or directory{where}"
    file.write_text(f'token-key = "{name}"')
    told = complaint("--config", str(file))
    assert told == f'{file}, line 1: token-key = "{name}": No such file or directory{where}'
    listen = ConfigError("listen", f"ssl:1:privateKey={name}", f"{name}: No such file or directory")
    assert Given.read(()).explain(listen).endswith(f"{name}: No such file or directory{where}")


def test_a_mark_in_front_of_a_file_is_no_part_of_it(file: Path) -> None:
    """Some editors write one before UTF-8."""
    file.write_bytes(b"\xef\xbb\xbfdrain = 7\n")
    assert Given.read(("--config", str(file))).load().drain == 7


def test_the_folder_may_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In which the server was started."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    told = complaint("--token-key", "k.pub")
    assert told.endswith("directory, nor is the folder that the server was started in")
