# SPDX-License-Identifier: MIT
"""From the options of access to what every door asks: the gate, and the router's two questions."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from attrs import evolve, frozen

from wsecho.access.claims import Claims, Terms
from wsecho.access.hosts import Hosts
from wsecho.access.kept import BadFileError, KeptFile
from wsecho.access.keys import Key, read_keys
from wsecho.access.proxies import Proxies
from wsecho.access.sessions import TokenAuthenticator, TokenAuthorizer
from wsecho.access.tokens import verify
from wsecho.access.wampcra import Logins, read_logins
from wsecho.config.config import Config, ConfigError
from wsecho.config.errors import UsageError
from wsecho.core.rooms.rules import RoomRules
from wsecho.doors.gate import Gate, OpenGate, TokenGate

_T = TypeVar("_T")


@frozen
class Admission:
    """Who may come in, by every door.

    Attributes:
        gate: for requests.
        authenticator: for WAMP's HELLO, None where no tokens are asked for.
        authorizer: for what WAMP sessions do, None where no tokens are asked for.
        given_away: the files that have a private key where the public half would do.
    """

    gate: Gate
    authenticator: TokenAuthenticator | None = None
    authorizer: TokenAuthorizer | None = None
    given_away: tuple[Path, ...] = ()
    _files: tuple[KeptFile[tuple[Key, ...]] | KeptFile[Logins], ...] = ()

    @classmethod
    def of(
        cls,
        config: Config,
        now: Callable[[], float] = time.time,
        is_on_loopback: Callable[[], bool] = lambda: False,
        rules: RoomRules | None = None,
        *,
        keeps_claims: bool = True,
    ) -> Self:
        """Read the files, and put it together.

        Args:
            config: the options in force.
            now: the time, Unix seconds.
            is_on_loopback: whether nothing else than loopback is listened on.
            rules: what holds in each room; None for what the options say.
            keeps_claims: whether anybody asks for all that a token says.

        Raises:
            ConfigError: a file cannot be used.
        """
        proxies = Proxies.of(config.proxy)
        if not config.asks_for_tokens:
            _check_needs(config)
            return cls(OpenGate(config.origins, proxies, Hosts(config.host, is_on_loopback)))
        keys = _kept("token-key", config.token_key, read_keys)
        paths = () if config.wampcra_secrets is None else (config.wampcra_secrets,)
        logins = _kept("wampcra-secrets", paths, read_logins)
        terms = Terms(
            frozenset(config.token_audience), frozenset(config.token_issuer), config.token_leeway
        )

        def read(token: str) -> Claims:
            found = (key for file in keys.values for key in file)
            claims = verify(token, [*found], now(), terms)
            # Else each connection would hold its token's.
            return claims if keeps_claims else evolve(claims, whole={})

        def current_logins() -> Logins:
            return logins.values[0] if logins.values else {}

        return cls(
            TokenGate(OpenGate(config.origins, proxies), read),
            TokenAuthenticator(read, current_logins, now),
            TokenAuthorizer(rules or config.room_rules),
            tuple(
                path
                for path, file in zip(config.token_key, keys.values, strict=True)
                if any(key.gives_away for key in file)
            ),
            (keys, logins),
        )

    def reload(self) -> list[BadFileError]:
        """Read the files again; return what could not be read, whose old contents stay in force."""
        complaints = []
        for kept in self._files:
            try:
                kept.reload()
            except BadFileError as error:
                complaints.append(error)
        return complaints


def _check_needs(config: Config) -> None:
    """Refuse what means nothing without tokens.

    Raises:
        ConfigError: such an option is given.
    """
    for option, value in (
        ("wampcra-secrets", config.wampcra_secrets),
        ("token-audience", config.token_audience),
        ("token-issuer", config.token_issuer),
        ("token-leeway", config.token_leeway),
    ):
        if value:
            shown = " ".join(value) if isinstance(value, tuple) else value
            raise UsageError(option, shown, "needs --token-key")


def _kept(option: str, paths: tuple[Path, ...], read: Callable[[bytes], _T]) -> KeptFile[_T]:
    try:
        return KeptFile(paths, read)
    except BadFileError as error:
        raise ConfigError(option, error.path, error.reason) from None
