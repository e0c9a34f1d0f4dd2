# SPDX-License-Identifier: MIT
"""An application over HTTP, made of the options."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from wsecho.app.asked_webhook import asked_webhook, check_webhook
from wsecho.config.config import Config, ConfigError
from wsecho.hooks.questions import all_methods
from wsecho.webhooks.posting import Poster
from wsecho.webhooks.url import WebhookUrl

URL = WebhookUrl("http", "app.example", 8000)


def make(**options: Any) -> Any:
    """The application of some options."""
    return asked_webhook(Config(**options), MemoryReactorClock(), tuple, lambda: 0.0)


def test_there_is_none_where_none_is_named() -> None:
    """Which costs nothing."""
    assert make() is None


def test_it_is_asked_all_questions_and_told_nothing() -> None:
    """Who is told what happens is another option's."""
    assert list(all_methods(make(ask=URL))) == ["connecting", "joining", "publishing"]


def test_secrets_for_nobody_are_a_mistake(tmp_path: Path) -> None:
    """Whoever gives them means somebody."""
    with pytest.raises(ConfigError, match=r"--ask-secret .*needs --ask URL"):
        make(ask_secret=tmp_path / "secrets")


def test_https_needs_what_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says which, and shows nothing of the URL's query."""

    def missing(*_: object, **__: object) -> None:
        raise ImportError("No module named 'OpenSSL'")

    monkeypatch.setattr(Poster, "to", missing)
    with pytest.raises(
        ConfigError, match=r"--ask https://app/: https needs .*wsecho\[tls\]"
    ) as told:
        make(ask=WebhookUrl("https", "app", 443, "/", "hush"))
    assert "hush" not in str(told.value)


def test_a_check_asks_nobody(tmp_path: Path) -> None:
    """It reads the file, whether the application is there or not."""
    file = tmp_path / "secrets"
    file.write_text("whsec_x")
    check_webhook(Config(ask=URL), MemoryReactorClock())
    with pytest.raises(ConfigError, match="line 1: "):
        check_webhook(Config(ask=URL, ask_secret=file), MemoryReactorClock())
