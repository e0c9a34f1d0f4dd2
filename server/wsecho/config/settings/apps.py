# SPDX-License-Identifier: MIT
"""Which applications stand beside the server."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from wsecho.config import values
from wsecho.config.settings.option import option
from wsecho.webhooks.url import WebhookUrl


@frozen(kw_only=True, slots=False)
class AppSettings:
    """Which applications stand beside the server, and are asked or told."""

    app: tuple[str, ...] = option(
        "app",
        values.app,
        "Ask an application in Python whether somebody may connect, join a room or say something "
        "there, and tell it what happens: an object, or a class that is called without arguments, "
        "of a module that is looked for in the working folder first. Several are asked in their "
        "order.",
        metavar="MODULE:OBJECT",
        example="chat:App",
        default=(),
        shown="none",
        repeatable=True,
    )
    ask: WebhookUrl | None = option(
        "ask",
        values.webhook_url,
        "Ask an application over HTTP, by a POST to this URL for each question, after those of "
        "--app. What is no answer is no.",
        metavar="URL",
        example="http://127.0.0.1:8000/wsecho",
        default=None,
        shown="none",
        is_secret=True,
    )
    ask_secret: Path | None = option(
        "ask-secret",
        values.path,
        "Sign what it is asked by the secrets in this file (whsec_..., one a line; each signs), as "
        "Standard Webhooks has it. SIGHUP reads it again.",
        metavar="FILE",
        example="/etc/wsecho/webhooks",
        default=None,
        shown="none: nothing is signed",
    )
    ask_timeout: float = option(
        "ask-timeout",
        values.seconds,
        "How long an application may take to answer one question; then it is no.",
        metavar="SECONDS",
        example="0.5",
        default=2.0,
        shown="2",
    )
    ask_header: tuple[str, ...] = option(
        "ask-header",
        values.header,
        "Let the applications see this header of the request by which somebody came.",
        metavar="NAME",
        example="Cookie",
        default=(),
        shown="none",
        repeatable=True,
    )
    tell: tuple[WebhookUrl, ...] = option(
        "tell",
        values.webhook_url,
        "Tell an application at this URL what happens in the rooms: each event at least once, in "
        "order, or how many it missed.",
        metavar="URL",
        example="http://127.0.0.1:8000/wsecho",
        default=(),
        shown="nobody",
        repeatable=True,
        is_secret=True,
    )
    tell_secret: Path | None = option(
        "tell-secret",
        values.path,
        "Sign what is told by the secrets in this file (whsec_..., one a line; each signs), as "
        "Standard Webhooks has it. SIGHUP reads it again.",
        metavar="FILE",
        example="/etc/wsecho/webhooks",
        default=None,
        shown="none: nothing is signed",
    )
