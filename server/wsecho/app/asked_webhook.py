# SPDX-License-Identifier: MIT
"""From `--ask` to an application that is asked over HTTP."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from wsecho.app.webhook_secrets import WebhookSecrets
from wsecho.config.config import Config, ConfigError
from wsecho.config.errors import UsageError
from wsecho.webhooks.asking import AT_ONCE, WebhookApp, largest_answer
from wsecho.webhooks.posting import Poster


def asked_webhook(
    config: Config,
    reactor: Any,
    secrets: Callable[[], Sequence[bytes]],
    time_of_day: Callable[[], float],
) -> WebhookApp | None:
    """Make the application of `--ask`; None where it is not given.

    Args:
        config: the options in force.
        reactor: Twisted's.
        secrets: returns those that sign now.
        time_of_day: the time, Unix seconds.

    Raises:
        ConfigError: what TLS needs is not installed, or there are secrets to ask nobody by.
    """
    url, most = config.ask, config.max_message_size
    if url is None:
        if config.ask_secret is not None:
            raise UsageError("ask-secret", config.ask_secret, "needs --ask URL")
        return None
    try:
        poster = Poster.to(url, reactor, at_once=AT_ONCE, max_answer=largest_answer(most))
    except ImportError as error:
        reason = f"https needs what pip install 'wsecho[tls]' brings ({error})"
        raise ConfigError("ask", url, reason) from None
    return WebhookApp(url, poster, secrets, config.ask_timeout, most, reactor, time_of_day)


def check_webhook(config: Config, reactor: Any) -> None:
    """See that the application of `--ask` can be asked, whether it is there or not.

    Raises:
        ConfigError: an option is missing, or a file cannot be used.
    """
    secrets = WebhookSecrets("ask-secret", config.ask_secret)
    asked_webhook(config, reactor, secrets, time.time)
