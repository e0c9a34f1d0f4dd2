# SPDX-License-Identifier: MIT
"""From the options of access to who may come in: what they need, and the files that are read."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.tokens import ED, HS, OTHER_ED, RS, jwk, key_file, token
from tests.unit.doors.harness import Server
from tests.unit.doors.test_gate import clock, knock, status
from wsecho.config.config import Config, ConfigError, load
from wsecho.doors.admission import Admission
from wsecho.doors.gate import OpenGate, TokenGate


def test_without_keys_everybody_may_come() -> None:
    """And WAMP's sessions are asked for nothing."""
    admission = Admission.of(Config())
    assert isinstance(admission.gate, OpenGate)
    assert (admission.authenticator, admission.authorizer) == (None, None)
    assert (admission.given_away, admission.reload()) == ((), [])


def test_with_keys_a_token_is_asked_for(tmp_path: Path) -> None:
    """At the gate and of sessions."""
    admission = Admission.of(Config(token_key=(key_file(tmp_path),)))
    assert isinstance(admission.gate, TokenGate)
    assert admission.authenticator is not None
    assert admission.authorizer is not None


@pytest.mark.parametrize(
    ("key", "is_given_away"),
    [
        (jwk(ED), False),
        (jwk(ED, private=True), True),
        (jwk(RS, private=True), True),
        (jwk(HS), False),
    ],
)
def test_a_private_key_in_a_file_is_noticed(
    tmp_path: Path, key: dict[str, Any], *, is_given_away: bool
) -> None:
    """Where the public half would do; a shared secret has no such half."""
    public, path = key_file(tmp_path), tmp_path / "other.json"
    path.write_text(json.dumps({"keys": [jwk(OTHER_ED), key]}))
    admission = Admission.of(Config(token_key=(public, path)))
    assert admission.given_away == ((path,) if is_given_away else ())


def test_rotation(tmp_path: Path) -> None:
    """New keys count at once, old ones no more, and nobody is dropped."""
    path = key_file(tmp_path, ED)
    server = Server(Config(token_key=(path,)), clock=clock())
    client = knock(server, f"/broadcast/a?token={token(ED)}")
    key_file(tmp_path, OTHER_ED)
    assert server.admission.reload() == []
    assert status(knock(server, f"/broadcast/a?token={token(ED)}")) == 401
    knock(server, f"/broadcast/a?token={token(OTHER_ED)}").text("new")
    assert client.texts() == ["new"]
    path.write_text("nonsense")
    [complaint] = server.admission.reload()
    assert str(complaint) == f"{path}: neither PEM nor JSON"
    assert status(knock(server, f"/broadcast/a?token={token(OTHER_ED)}")) == 101


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    """End the start, naming the option."""
    bad = tmp_path / "bad"
    bad.write_text("x")
    with pytest.raises(ConfigError, match=f"^--token-key {bad}: neither PEM nor JSON$"):
        Server(Config(token_key=(bad,)))
    good = key_file(tmp_path)
    with pytest.raises(ConfigError, match=f"^--wampcra-secrets {bad}: not TOML"):
        Server(Config(token_key=(good,), wampcra_secrets=bad))
    for option, value in (
        ("token-audience", ["a", "b"]),
        ("token-issuer", ["a"]),
        ("token-leeway", "1.5"),
    ):
        with pytest.raises(ConfigError, match=rf"^--{option} .*: needs --token-key$"):
            Server(load({option: value}))
    with pytest.raises(ConfigError, match=r"^--wampcra-secrets .* needs --token-key$"):
        Server(Config(wampcra_secrets=good))


def test_each_file_that_cannot_be_read_again_is_told(tmp_path: Path) -> None:
    """All of them, and what each held stays in force; the others count."""
    keys, logins = key_file(tmp_path), tmp_path / "logins.toml"
    logins.write_text("")
    server = Server(Config(token_key=(keys,), wampcra_secrets=logins), clock=clock())
    keys.unlink()
    logins.write_text("[")
    complaints = server.admission.reload()
    assert [complaint.path for complaint in complaints] == [keys, logins]
    assert status(knock(server, f"/broadcast/a?token={token(ED)}")) == 101
    key_file(tmp_path, OTHER_ED)
    [complaint] = server.admission.reload()
    assert complaint.path == logins
    assert status(knock(server, f"/broadcast/a?token={token(ED)}")) == 401


@pytest.mark.parametrize("keeps", [True, False])
def test_what_a_token_says_is_kept_where_somebody_asks(tmp_path: Path, *, keeps: bool) -> None:
    """Else each connection would hold it for nobody."""
    config = Config(token_key=(key_file(tmp_path),))
    gate = Admission.of(config, keeps_claims=keeps).gate
    assert isinstance(gate, TokenGate)
    assert gate.read(token(sub="ann", team=7)).whole.get("team") == (7 if keeps else None)
