# SPDX-License-Identifier: MIT
"""Keys and tokens from the command line."""

import stat
import time
from pathlib import Path
from typing import Any

import pytest

from wsecho.access.claims import Claims, Terms
from wsecho.access.keys import read_keys
from wsecho.access.tokens import verify
from wsecho.command import credentials
from wsecho.core.wire.errors import BadToken


def run(*arguments: str | Path) -> None:
    """Do what a command line says."""
    credentials.make_credential([str(argument) for argument in arguments])


@pytest.mark.parametrize("kind", ["EdDSA", "HS256", "RS256"])
def test_a_key_makes_tokens_that_its_public_half_verifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """And nothing is granted that was not named."""
    path = tmp_path / "key.json"
    run("key", path, "--type", kind, "--kid", "a")
    public = path if kind == "HS256" else tmp_path / "key.json.pub"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [key] = read_keys(public.read_bytes())
    assert key.can_sign is (kind == "HS256")
    options = ("--sub", "ann", "--name", "Ann", "--join", "team-*", "--join", "x")
    capsys.readouterr()
    run("token", "--key", path, *options, "--wamp-call", "com.", "--expires", "60")
    text = capsys.readouterr().out.strip()
    claims = verify(text, [key], time.time())
    assert (claims.sub, claims.name) == ("ann", "Ann")
    assert claims.expires is not None
    assert claims.expires - time.time() < 61
    assert claims.grants.rooms == {"join": ("team-*", "x"), "publish": (), "operate": ()}
    assert claims.grants.wamp["call"] == ("com.",)


def test_for_whom_and_from_whom_a_token_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where that is named."""
    run("key", tmp_path / "key")
    [key] = read_keys((tmp_path / "key.pub").read_bytes())
    run("token", "--key", tmp_path / "key", "--aud", "a", "--aud", "b", "--iss", "c")
    text = capsys.readouterr().out.strip()
    for name in ("a", "b"):
        assert verify(text, [key], time.time(), Terms(frozenset({name}), frozenset({"c"})))
    for terms in (Terms(), Terms(frozenset({"c"})), Terms(frozenset({"a"}), frozenset({"a"}))):
        with pytest.raises(BadToken):
            verify(text, [key], time.time(), terms)


def test_no_key_is_written_over(tmp_path: Path) -> None:
    """A lost private key would lock everybody out."""
    (tmp_path / "key").write_text("old")
    with pytest.raises(SystemExit, match=f"^wsecho key: {tmp_path / 'key'}: File exists$"):
        run("key", tmp_path / "key")
    assert (tmp_path / "key").read_text() == "old"


def test_what_cannot_be_made(tmp_path: Path) -> None:
    """One line each."""
    run("key", tmp_path / "key")
    (tmp_path / "bad").write_text("bad")
    for options, reason in (
        (("--key", tmp_path / "nowhere"), "nowhere: No such file or directory"),
        (("--key", tmp_path / "bad"), "bad: neither PEM nor JSON"),
        (("--key", tmp_path / "key.pub"), "key.pub: this is the public half"),
        (("--key", tmp_path / "key", "--name", "a\nb"), "name has control characters"),
        (("--key", tmp_path / "key", "--join", "x" * 8192), "over 8192 characters"),
    ):
        with pytest.raises(SystemExit, match=f"^wsecho token: .*{reason}"):
            run("token", *options)


@pytest.mark.parametrize(
    "options",
    [
        *((), ("--key", "k", "--x")),
        *(("--key", "k", "--expires", told) for told in ("0", "\u0661", "1_0", "1e3", 1 << 40)),
    ],
)
def test_bad_usage(options: tuple[Any, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Ends with status 2, and one line that says where help is."""
    with pytest.raises(SystemExit) as caught:
        run("token", *options)
    assert caught.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("wsecho token: ")
    assert line.endswith("(wsecho token --help)")


def test_thousands_of_digits_are_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Python reads none, which is no reason to tell anybody its names."""
    with pytest.raises(SystemExit):
        run("token", "--key", "k", "--expires", "1" * 5000)
    assert "give whole seconds above 0, such as 3600" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["key", "token"])
def test_help_teaches(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With examples, and what to do with what comes out."""
    with pytest.raises(SystemExit) as caught:
        run(command, "--help")
    assert caught.value.code == 0
    assert "wsecho token --key key.json --sub ann" in capsys.readouterr().out


def test_claims_are_those_of_a_token() -> None:
    """What the command makes is read by the same code that the server uses."""
    assert Claims.read({"exp": 1}).expires == 1


@pytest.mark.parametrize("grants", [(), ("--join", "x")])
def test_a_token_that_allows_nothing_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], grants: tuple[str, ...]
) -> None:
    """It is made all the same."""
    key = str(tmp_path / "key")
    run("key", key)
    run("token", "--key", key, *grants)
    out, err = capsys.readouterr()
    assert out.count(".") == 2
    assert ("this token allows nothing" in err) is (not grants)
