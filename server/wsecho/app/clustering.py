# SPDX-License-Identifier: MIT
"""From the options to a node among others: where they reach it, and how it reaches them."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from attrs import field, frozen
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort

from wsecho.access.kept import BadFileError, KeptFile
from wsecho.access.signatures import Verifier, read_secret
from wsecho.app.listening import Listening
from wsecho.bus.interface import Directory
from wsecho.config.config import Config, ConfigError
from wsecho.config.errors import UsageError
from wsecho.doors.forwarding.node_sockets import NodeSockets
from wsecho.doors.forwarding.receiving import Arrivals, InnerSite, Sessions
from wsecho.doors.forwarding.routes import Routes
from wsecho.doors.forwarding.sending import Cluster, Forwarder
from wsecho.server.state import ServerState

_NODE_BYTES: Final = 9
# As many as the system allows: every worker connects here for each request that it forwards.
_BACKLOG: Final = 4096


def new_node() -> str:
    """Return a name for a node; no two ever have the same."""
    return secrets.token_urlsafe(_NODE_BYTES)


@frozen
class Home:
    """Where a node lives among those of its machine.

    Attributes:
        node: its name.
        folder: the private folder of the sockets between them, None where it is the only one.
        key: what they sign requests to each other with.
    """

    node: str
    folder: Path | None = None
    key: bytes = b""


@frozen(eq=False)
class Clustering:
    """A node's part in what all nodes do together.

    Attributes:
        cluster: what the doors know of it.
    """

    cluster: Cluster
    _config: Config
    _reactor: Any
    _state: ServerState
    _home: Home
    _routes: Routes
    _directory: Directory | None
    _secret: KeptFile[bytes]
    _listening: Listening
    _endpoints: tuple[str, ...]
    _ports: list[IListeningPort] = field(factory=list)

    @classmethod
    def of(
        cls,
        config: Config,
        reactor: Any,
        state: ServerState,
        home: Home,
        directory: Directory | None,
        places: tuple[Listening, tuple[str, ...]],
    ) -> Self:
        """Put it together.

        Args:
            config: the options in force.
            reactor: Twisted's reactor.
            state: what all doors share.
            home: where the node lives.
            directory: knows the nodes of other machines, None where there are none.
            places: what listens where they come, and the endpoint strings for it.

        Raises:
            ConfigError: an option is missing, or a file cannot be used.
        """
        secret = _read_secret(config)
        local_nodes = None if home.folder is None else NodeSockets(home.folder)
        remote = directory if config.advertise is not None else None
        routes = Routes(local_nodes, home.key, remote, lambda: secret.values[0])
        cluster = Cluster(home.node, Forwarder(routes, state, reactor))
        return cls(cluster, config, reactor, state, home, routes, remote, secret, *places)

    def begin(self, sessions: Sessions) -> None:
        """Listen where other nodes come, and be found.

        Args:
            sessions: what lives here.

        Raises:
            ConfigError: a place is taken.
        """
        home, routes = self._home, self._routes
        if routes.local_nodes is not None:
            site = self._site(sessions, None, self._verifier(lambda: home.key))
            self._ports.append(self._listen_at(routes.local_nodes.path(home.node), site))
        if self._endpoints:
            onward = Forwarder(routes.on_this_machine, self._state, self._reactor)
            verifier = self._verifier(lambda: self._secret.values[0])
            self._listening.begin(self._endpoints, self._site(sessions, onward, verifier))
            self._ports.extend(self._listening.ports)
        if self._directory is not None and self._config.advertise is not None:
            self._directory.enter(home.node, self._config.advertise)

    def reload(self) -> list[BadFileError]:
        """Read the secret again; return what is wrong with it, while the old stays in force."""
        try:
            self._secret.reload()
        except BadFileError as error:
            return [error]
        return []

    def end(self) -> Deferred[Any]:
        """Listen no more: no session is left that anybody could ask for."""
        return DeferredList([maybeDeferred(port.stopListening) for port in self._ports])

    def _verifier(self, key: Callable[[], bytes]) -> Verifier:
        return Verifier(key, self._state.wall.now, self._reactor.seconds)

    def _listen_at(self, path: str, site: InnerSite) -> IListeningPort:
        try:
            port: IListeningPort = self._reactor.listenUNIX(path, site, _BACKLOG, mode=0o600)
        except CannotListenError as error:
            # Such as a TMPDIR that is longer than a socket's address may be.
            reason = f"cannot listen at {path}: {error.socketError}"
            raise ConfigError("workers", self._config.workers, reason) from None
        return port

    def _site(self, sessions: Sessions, onward: Forwarder | None, verifier: Verifier) -> InnerSite:
        return InnerSite(
            Arrivals(self._home.node, sessions, onward),
            verifier,
            self._state,
            self._reactor,
            open_timeout=self._config.open_timeout,
            max_body=self._config.max_message_size,
        )


def check_cluster(config: Config) -> None:
    """See that the options that only go together are together, and can be used.

    Raises:
        ConfigError: an option is missing, or a file cannot be used.
    """
    _read_secret(config)
    for name in ("cluster_listen", "cluster_secret"):
        value = getattr(config, name)
        if value is not None and config.advertise is None:
            raise UsageError(name.replace("_", "-"), value, "needs --advertise HOST:PORT")
    if config.advertise is None:
        return
    for missing, reason in (
        (config.cluster_secret, "needs --cluster-secret FILE, which all machines have in common"),
        (config.redis, "needs --redis URL, by which nodes find each other"),
    ):
        if missing is None:
            raise UsageError("advertise", config.advertise, reason)


def _read_secret(config: Config) -> KeptFile[bytes]:
    paths = () if config.cluster_secret is None else (config.cluster_secret,)
    try:
        return KeptFile(paths, read_secret)
    except BadFileError as error:
        raise ConfigError("cluster-secret", error.path, error.reason) from None
