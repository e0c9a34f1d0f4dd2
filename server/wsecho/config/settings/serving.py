# SPDX-License-Identifier: MIT
"""Where and how the server serves."""

from __future__ import annotations

from pathlib import Path

import attrs
from attrs import frozen

from wsecho.config import values
from wsecho.config.settings.option import option


@frozen(kw_only=True, slots=False)
class ServingSettings:
    """Where and how the server serves."""

    listen: tuple[str, ...] = option(  # it makes attrs' own field
        "listen",
        values.endpoint,
        "Where to listen: any Twisted endpoint string, such as tcp:8080 (all addresses), "
        "tcp6:8080, unix:/run/wsecho.sock, systemd:domain=INET:index=0 or "
        "ssl:443:privateKey=key.pem:certKey=cert.pem. May be given again.",
        default=("tcp:8080:interface=127.0.0.1",),
        shown="tcp:8080:interface=127.0.0.1",
        repeatable=True,
    )
    web: Path | None = option(
        "web",
        values.page_folder,
        "Serve the page from this folder instead of the built-in one. Example: --web ./site",
        default=None,
        shown="the built-in page",
    )
    reply: bytes | None = option(
        "reply",
        values.template,
        "Answer a text message at the echo with this instead; {data} stands for the text. "
        "Example: --reply 'You said: {data}'",
        default=None,
        shown="the same text",
    )
    compression: bool = attrs.field(default=True)
    lane: bool = attrs.field(default=True)
    connection_log: bool = attrs.field(default=True)
    auto_ping: float = option(
        "auto-ping",
        values.seconds_or_never,
        "Ping an open WebSocket that often; 0 means never. Example: --auto-ping 20",
        default=30.0,
        shown="30",
    )
    auto_ping_timeout: float = option(
        "auto-ping-timeout",
        values.seconds,
        "Cut a peer that leaves a ping unanswered for that long, and neither sends nor takes "
        "anything meanwhile. Example: --auto-ping-timeout 10",
        default=30.0,
        shown="30",
    )
    open_timeout: float = option(
        "open-timeout",
        values.seconds,
        "How long a request's head may take, counted from the connection's start; its body may "
        "take as long again, and a second for each KiB. Example: --open-timeout 5",
        default=10.0,
        shown="10",
    )
    drain: float = option(
        "drain",
        values.seconds_or_never,
        "On SIGTERM and SIGINT, end within that long: clients are told, many of them by and by "
        "over the first half, and may answer; 0 waits for nobody. Example: --drain 30",
        default=10.0,
        shown="10",
    )
    realm: tuple[str, ...] = option(
        "realm",
        values.realm,
        "A WAMP realm. May be given again. Example: --realm com.example",
        default=("realm1",),
        shown="realm1",
        repeatable=True,
    )
    lp_timeout: float = option(
        "lp-timeout",
        values.seconds,
        "A WAMP session over long-poll or server-sent events is lost when nobody polled for that "
        "long. Example: --lp-timeout 60",
        default=30.0,
        shown="30",
    )
    log_format: str = option(
        "log-format",
        values.log_format,
        "Write the log as text, or as json with one object a line. Example: --log-format json",
        default="text",
        shown="text",
    )
