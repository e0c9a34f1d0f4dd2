# SPDX-License-Identifier: MIT
"""How several processes and machines are one server."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from wsecho.config import values
from wsecho.config.settings.option import option
from wsecho.core.wire.nodes import NodeAddress


@frozen(kw_only=True, slots=False)
class ClusterSettings:
    """How several processes and machines are one server."""

    workers: int = option(
        "workers",
        values.count,
        "How many processes serve, on as many cores. More than one need --redis, which carries "
        "the rooms between them. SIGUSR2 replaces them one after the other.",
        metavar="COUNT",
        example="4",
        default=1,
        shown="1",
    )
    advertise: NodeAddress | None = option(
        "advertise",
        values.address,
        "Where other machines reach this one, to forward requests for the sessions that live "
        "here; HOST:PORT in a network that is theirs alone. Needs --redis and --cluster-secret.",
        metavar="HOST:PORT",
        example="10.0.0.5:9000",
        default=None,
        shown="none: sessions over HTTP stay with their machine",
    )
    cluster_listen: str | None = option(
        "cluster-listen",
        values.endpoint,
        "Where to listen for them, an endpoint as for --listen, where that is not the very "
        "address of --advertise.",
        metavar="ENDPOINT",
        example="tcp:9000",
        default=None,
        shown="the address of --advertise",
    )
    cluster_secret: Path | None = option(
        "cluster-secret",
        values.path,
        "Sign what is forwarded between machines with this file's content, at least 32 bytes, the"
        " same on all of them. SIGHUP reads it again.",
        metavar="FILE",
        example="/etc/wsecho/secret",
        default=None,
        shown="none",
    )

    @property
    def inner_endpoints(self) -> tuple[str, ...]:
        """Where other machines' requests come in."""
        if self.advertise is None:
            return ()
        host = self.advertise.host.replace(":", r"\:")
        kind = "tcp6" if ":" in host else "tcp"
        return (self.cluster_listen or f"{kind}:{self.advertise.port}:interface={host}",)
