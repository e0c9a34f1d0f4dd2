# SPDX-License-Identifier: MIT
"""Which applications stand beside the server."""

from __future__ import annotations

from attrs import frozen

from wsecho.config import values
from wsecho.config.settings.option import option


@frozen(kw_only=True, slots=False)
class AppSettings:
    """Which applications stand beside the server, and are asked."""

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
