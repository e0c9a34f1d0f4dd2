# SPDX-License-Identifier: MIT
"""Who may come in."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from attrs import frozen

from wsecho.config import values
from wsecho.config.settings.option import option

Network = IPv4Network | IPv6Network

Proxy = Network | Literal["unix"]
"""Where a proxy comes from: a network, or any Unix socket."""


@frozen(kw_only=True, slots=False)
class AccessSettings:
    """Who may come in."""

    origin: tuple[str, ...] = option(
        "origin",
        values.origin,
        "Let pages of this origin into rooms and WAMP, beside the page's own; a glob over the "
        "whole origin.",
        metavar="GLOB",
        example="'https://*.example.org'",
        default=(),
        shown="none",
        repeatable=True,
    )
    host: tuple[str, ...] = option(
        "host",
        values.host,
        "Another name that this server goes by, a glob: listening on loopback without tokens, a "
        "page's request is let in only if its Host is local (against DNS rebinding).",
        metavar="GLOB",
        example="'*.test'",
        default=(),
        shown="none",
        repeatable=True,
    )
    proxy: tuple[Proxy, ...] = option(
        "proxy",
        values.proxy,
        "Trust Forwarded, X-Forwarded-For, -Proto and -Host from proxies in this network, or that"
        " come by a Unix socket (unix), and from nowhere else.",
        metavar="NETWORK",
        example="10.0.0.0/8",
        default=(),
        shown="none",
        repeatable=True,
    )
    token_key: tuple[Path, ...] = option(
        "token-key",
        values.path,
        "Ask for tokens (JWT) signed with this key: a PEM, a JWK or a JWK Set. Several are "
        "for rotation; SIGHUP reads the files again.",
        metavar="FILE",
        example="/etc/wsecho/key.pem",
        default=(),
        shown="none: everything is open",
        repeatable=True,
    )
    token_audience: tuple[str, ...] = option(
        "token-audience",
        values.name,
        "A name of this server in a token's claim aud. With one, tokens for others are refused "
        "and those for nobody in particular; without, those for anybody.",
        metavar="NAME",
        example="https://chat.example.org",
        default=(),
        shown="none",
        repeatable=True,
    )
    token_issuer: tuple[str, ...] = option(
        "token-issuer",
        values.name,
        "Take only tokens whose claim iss is this.",
        metavar="NAME",
        example="https://login.example.org",
        default=(),
        shown="any who has the key",
        repeatable=True,
    )
    token_leeway: float = option(
        "token-leeway",
        values.leeway,
        "Seconds by which the clocks of issuer and server may differ: so long before nbf and "
        "after exp a token counts.",
        metavar="SECONDS",
        example="30",
        default=0.0,
        shown="0",
    )
    wampcra_secrets: Path | None = option(
        "wampcra-secrets",
        values.path,
        "Let WAMP sessions in by WAMP-CRA too: a TOML file with a table for each authid, with its"
        " secret and the claims of a token. Needs --token-key.",
        metavar="FILE",
        example="users.toml",
        default=None,
        shown="none",
    )
