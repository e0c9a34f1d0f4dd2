# SPDX-License-Identifier: MIT
"""Who is told what happens: the listeners of a configuration."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from wsecho.app.webhook_secrets import WebhookSecrets
from wsecho.config.config import Config, ConfigError
from wsecho.config.errors import UsageError
from wsecho.events.app_listener import AppListener
from wsecho.events.listener import EventListener
from wsecho.events.webhook import WebhookListener
from wsecho.hooks.questions import method_of


def event_listeners(
    config: Config,
    apps: Sequence[object],
    reactor: Any,
    secrets: Callable[[], Sequence[bytes]],
    time_of_day: Callable[[], float],
) -> list[EventListener]:
    """Make those who are told.

    Args:
        config: the options in force.
        apps: the applications in Python, in the order of their options, and others behind them.
        reactor: Twisted's.
        secrets: returns those that sign now.
        time_of_day: the time, Unix seconds.

    Raises:
        ConfigError: one cannot be reached by what is installed, or there are secrets to tell
            nobody by.
    """
    if config.tell_secret is not None and not config.tell:
        raise UsageError("tell-secret", config.tell_secret, "needs --tell URL")
    methods = (
        (name, method_of(app, "happened")) for name, app in zip(config.app, apps, strict=False)
    )
    told = [AppListener(name, call, reactor) for name, call in methods if call is not None]
    try:
        urls = [WebhookListener.to(url, reactor, secrets, time_of_day) for url in config.tell]
    except ImportError as error:
        reason = f"https needs what pip install 'wsecho[tls]' brings ({error})"
        raise ConfigError("tell", "(not shown)", reason) from None
    return [*told, *urls]


def check_listeners(config: Config, reactor: Any) -> None:
    """See that those of `--tell` can be told, whether they are there or not.

    Raises:
        ConfigError: an option is missing, or a file cannot be used.
    """
    secrets = WebhookSecrets("tell-secret", config.tell_secret)
    event_listeners(config, (), reactor, secrets, time.time)
