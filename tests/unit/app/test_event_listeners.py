# SPDX-License-Identifier: MIT
"""Who is told, by the options."""

from pathlib import Path

import pytest

from tests.support.buses import the_reactor
from wsecho.app.event_listeners import check_listeners, event_listeners
from wsecho.config.config import load
from wsecho.config.errors import ConfigError, UsageError


def test_each_url_is_told() -> None:
    """By a name that is the same on each node, and tells nothing of what is secret in it."""
    urls = ["http://127.0.0.1:8000/a?key=hush", "http://example.org/b"]
    config = load({"tell": urls})
    one, two = event_listeners(config, (), the_reactor(), tuple, lambda: 0.0)
    assert (one.shown, two.shown) == ("http://127.0.0.1:8000/a", "http://example.org/b")
    assert "hush" not in one.name
    again, _ = event_listeners(config, (), the_reactor(), tuple, lambda: 0.0)
    other = event_listeners(load({"tell": [urls[0] + "2"]}), (), the_reactor(), tuple, lambda: 0.0)[
        0
    ]
    assert again.name == one.name != other.name


def test_nobody_is_told_by_default() -> None:
    """Nothing is made for it."""
    assert event_listeners(load({}), (), the_reactor(), tuple, lambda: 0.0) == []


class Told:
    """An application that is told."""

    def happened(self, events: object) -> None:
        """Take them."""


def test_an_application_with_the_method_is_told() -> None:
    """The others are only asked."""
    config = load({"app": ["a:B", "c:D"]})
    [listener] = event_listeners(config, (Told(), object()), the_reactor(), tuple, lambda: 0.0)
    assert listener.shown == "a:B"


def test_secrets_need_somebody_to_be_told_by_them(tmp_path: Path) -> None:
    """Else somebody believes that what is told is signed."""
    file = tmp_path / "secrets"
    file.write_text("whsec_")
    config = load({"tell-secret": str(file)})
    with pytest.raises(UsageError, match="needs --tell URL"):
        event_listeners(config, (), the_reactor(), tuple, lambda: 0.0)
    with pytest.raises(ConfigError, match="line 1"):
        check_listeners(config, the_reactor())
