# SPDX-License-Identifier: MIT
"""Where and how the server serves."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from wsecho.config import values
from wsecho.config.settings.option import on_switch, option, switch


@frozen(kw_only=True, slots=False)
class ServingSettings:
    """Where and how the server serves."""

    listen: tuple[str, ...] = option(
        "listen",
        values.endpoint,
        "Where to listen: 127.0.0.1:8080, [::1]:8080, :8080 or just 8080 (every IPv4 address of "
        "this machine), unix:/run/wsecho.sock, or any Twisted endpoint string, such as "
        "tcp6:8080, systemd:domain=INET:index=0 or "
        "ssl:443:privateKey=key.pem:certKey=cert.pem.",
        metavar="ENDPOINT",
        example=":8080",
        default=("tcp:8080:interface=127.0.0.1",),
        shown="127.0.0.1:8080",
        repeatable=True,
    )
    metrics_listen: str | None = option(
        "metrics-listen",
        values.endpoint,
        "Serve /metrics, /healthz and /readyz here, to everybody who comes, without a token; and "
        "nowhere else.",
        metavar="ENDPOINT",
        example="127.0.0.1:8081",
        default=None,
        shown="none: they are beside the page, /metrics for those who may operate",
    )
    web: Path | None = option(
        "web",
        values.page_folder,
        "Serve the page from this folder instead of the built-in one.",
        metavar="FOLDER",
        example="./site",
        default=None,
        shown="the built-in page",
    )
    reply: bytes | None = option(
        "reply",
        values.template,
        "Answer a text message at the echo with this instead; {data} stands for the text.",
        metavar="TEMPLATE",
        example="'You said: {data}'",
        default=None,
        shown="the same text",
    )
    realm: tuple[str, ...] = option(
        "realm",
        values.realm,
        "A WAMP realm.",
        metavar="URI",
        example="com.example",
        default=("realm1",),
        shown="realm1",
        repeatable=True,
    )
    drain: float = option(
        "drain",
        values.seconds_or_never,
        "On SIGTERM and SIGINT, end within that long: clients are told, many of them by and by "
        "over the first half, and may answer; 0 waits for nobody.",
        metavar="SECONDS",
        example="30",
        default=10.0,
        shown="10",
    )
    lab: bool = on_switch(
        "lab",
        "Open the lab at /lab, whose answers break rules on purpose, to test clients; by itself "
        "it is open where nothing but loopback is listened on, without --proxy, --token-key and "
        "several --workers.",
    )
    lab_by_default: bool = switch("no-lab", "Leave the lab out, wherever is listened.")
    lab_time: float = option(
        "lab-time",
        values.seconds,
        "How long a connection of the lab lasts, and each of its steps may.",
        metavar="SECONDS",
        example="300",
        default=60.0,
        shown="60",
    )
    compression: bool = switch("no-compression", "Do not negotiate permessage-deflate (RFC 7692).")
    lane: bool = switch(
        "no-lane",
        "Leave the sockets of open WebSockets to Twisted's reactor, as where there is no epoll.",
    )
