# SPDX-License-Identifier: MIT
"""How much of everything there may be."""

from __future__ import annotations

from attrs import frozen

from wsecho.config import values
from wsecho.config.settings.option import option
from wsecho.core.limits.rates import OverRatePolicy
from wsecho.core.limits.slowness import SlowRule


@frozen(kw_only=True, slots=False)
class LimitSettings:
    """How much of everything there may be."""

    max_message_size: int = option(
        "max-message-size",
        values.size,
        "The largest message, in bytes after decompression, inclusive; a larger one is closed "
        "with 1009.",
        metavar="SIZE",
        example="64KiB",
        default=16 << 20,
        shown="16MiB",
    )
    send_queue: int = option(
        "send-queue",
        values.size,
        "How much may wait for a member of a room that reads too slowly, before it is closed with"
        " 1013. One message of any size passes an empty queue.",
        metavar="SIZE",
        example="4MiB",
        default=1 << 20,
        shown="1MiB",
    )
    slow: tuple[SlowRule, ...] = option(
        "slow",
        values.slow_rule,
        "What becomes of a member that reads too slowly: close (1013), skip (its oldest messages "
        "are left out) or latest (all but the newest are). GLOB=POLICY is for the rooms that GLOB"
        " matches, the first match counts.",
        metavar="[GLOB=]POLICY",
        example="'prices.*=latest'",
        default=(),
        shown="close",
        repeatable=True,
    )
    max_connections: int = option(
        "max-connections",
        values.count_or_any,
        "Connections in all, whatever they speak, over all servers that share --redis; further "
        "ones get 503. 0 means any number.",
        metavar="COUNT",
        example="5000",
        default=20_000,
        shown="20000",
    )
    max_connections_per_address: int = option(
        "max-connections-per-address",
        values.count_or_any,
        "Connections of one address, over all servers that share --redis; further ones get 429. 0"
        " means any number. Behind a proxy, name it with --proxy first.",
        metavar="COUNT",
        example="100",
        default=0,
        shown="0",
    )
    max_rooms: int = option(
        "max-rooms",
        values.count,
        "Rooms in all. The longest unused one without members makes place for a new one; where "
        "all have members, the answer is 503.",
        metavar="COUNT",
        example="1000",
        default=50_000,
        shown="50000",
    )
    max_members: int = option(
        "max-members",
        values.count,
        "Connections in one room; further ones get 503.",
        metavar="COUNT",
        example="500",
        default=20_000,
        shown="20000",
    )
    max_keys: int = option(
        "max-keys",
        values.count_or_any,
        "Idempotency keys that one caller (a token's subject, else an address) may use within "
        "five minutes, over all servers that share --redis; a publication under one more gets "
        "503. One that goes to several rooms uses as many. 0 means any number.",
        metavar="COUNT",
        example="100000",
        default=10_000,
        shown="10000",
    )
    max_rooms_per_connection: int = option(
        "max-rooms-per-connection",
        values.count,
        "Rooms that one WAMP session may be subscribed to at a time.",
        metavar="COUNT",
        example="10",
        default=100,
        shown="100",
    )
    message_rate: float = option(
        "message-rate",
        values.rate,
        "Messages per second that one connection may send; a second's worth is the burst. 0 means"
        " any number.",
        metavar="NUMBER",
        example="50",
        default=0.0,
        shown="0",
    )
    byte_rate: int = option(
        "byte-rate",
        values.size_or_any,
        "Bytes of messages per second that one connection may send; a second's worth is the "
        "burst. 0 means any number.",
        metavar="SIZE",
        example="1MiB",
        default=0,
        shown="0",
    )
    over_rate: OverRatePolicy = option(
        "over-rate",
        values.over_rate,
        "What becomes of a connection that sends faster: close (1008), or drop: the message is "
        "dropped and its sender told.",
        metavar="close|drop",
        example="drop",
        default="close",
        shown="close",
    )
    auto_ping: float = option(
        "auto-ping",
        values.seconds_or_never,
        "Ping an open WebSocket that often; 0 means never.",
        metavar="SECONDS",
        example="20",
        default=30.0,
        shown="30",
    )
    auto_ping_timeout: float = option(
        "auto-ping-timeout",
        values.seconds,
        "Cut a peer that leaves a ping unanswered for that long, and neither sends nor takes "
        "anything meanwhile.",
        metavar="SECONDS",
        example="10",
        default=30.0,
        shown="30",
    )
    open_timeout: float = option(
        "open-timeout",
        values.seconds,
        "How long a request's head may take, counted from the connection's start; its body may "
        "take as long again, and a second for each KiB.",
        metavar="SECONDS",
        example="5",
        default=10.0,
        shown="10",
    )
    lp_timeout: float = option(
        "lp-timeout",
        values.seconds,
        "A WAMP session over long-poll or server-sent events is lost when nobody polled for that "
        "long.",
        metavar="SECONDS",
        example="60",
        default=30.0,
        shown="30",
    )
