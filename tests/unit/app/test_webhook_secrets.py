# SPDX-License-Identifier: MIT
"""Files of secrets."""

import base64
from pathlib import Path

import pytest

from wsecho.app.webhook_secrets import WebhookSecrets
from wsecho.config.config import ConfigError

OLD, NEW = b"o" * 24, b"n" * 24


def write(file: Path, *secrets: bytes) -> None:
    """Write some secrets."""
    file.write_bytes(b"".join(b"whsec_" + base64.b64encode(each) + b"\n" for each in secrets))


def test_a_file_is_read_at_the_start_and_again(tmp_path: Path) -> None:
    """What it has when it is read again counts from then on."""
    file = tmp_path / "secrets"
    write(file, OLD)
    secrets = WebhookSecrets("ask-secret", file)
    assert secrets() == (OLD,)
    write(file, NEW, OLD)
    assert secrets() == (OLD,)
    assert secrets.reload() == []
    assert secrets() == (NEW, OLD)


def test_what_cannot_be_read_again_leaves_the_old_in_force(tmp_path: Path) -> None:
    """And is told by file and line."""
    file = tmp_path / "secrets"
    write(file, OLD)
    secrets = WebhookSecrets("ask-secret", file)
    file.write_text("whsec_short\n")
    [complaint] = secrets.reload()
    assert str(complaint).startswith(f"{file}: line 1: ")
    file.unlink()
    assert len(secrets.reload()) == 1
    assert secrets() == (OLD,)


def test_without_a_file_there_is_nothing_to_sign_by() -> None:
    """Nor to be read again."""
    secrets = WebhookSecrets("ask-secret", None)
    assert (secrets(), secrets.reload()) == ((), [])


def test_a_bad_file_ends_the_start(tmp_path: Path) -> None:
    """By one line that names the option, the file and the line."""
    file = tmp_path / "secrets"
    file.write_bytes(b"\nsecret\n")
    with pytest.raises(ConfigError, match=r"--tell-secret .*secrets: line 2: a secret begins"):
        WebhookSecrets("tell-secret", file)
