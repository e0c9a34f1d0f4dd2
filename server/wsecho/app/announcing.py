# SPDX-License-Identifier: MIT
"""What the log says at the start of where the server listens, and who may come."""

from collections.abc import Sequence
from pathlib import Path
from stat import S_IROTH
from typing import Final

from twisted.logger import Logger

from wsecho.app.listening import Listening
from wsecho.config.config import Config
from wsecho.config.room_tables import table_name
from wsecho.server.peers import describe_peer

_log: Final = Logger()


def announce(
    listening: Listening, metrics: Listening, config: Config, given_away: Sequence[Path]
) -> None:
    """Log where the server listens, and warn where strangers may read and write.

    Args:
        listening: the ports.
        metrics: the ports of `--metrics-listen`.
        config: the options in force.
        given_away: the files of `--token-key` that have a private key.
    """
    for port, url in zip(listening.ports, listening.urls, strict=True):
        where = describe_peer(port.getHost())
        if url is None:
            _log.info("listening on {address}", address=where)
        else:
            _log.info("listening on {address}, in a browser {what}", address=where, what=url)
    for port in metrics.ports:
        _log.info("metrics are at {address}", address=describe_peer(port.getHost()))
    _warn_of_files(config, given_away)
    warn_of_rooms(config)
    for port in listening.without_addresses[:1]:
        if "unix" not in config.proxy:
            _log.warn(
                "all who come by {address} count as one address, in every limit: if that is a "
                "proxy, name it with --proxy unix, so that what it forwards is believed",
                address=describe_peer(port.getHost()),
            )
    if config.asks_for_tokens:
        return
    for port in listening.beyond[:1]:
        _log.warn(
            "everybody who reaches {address} may read and write every room: close it with "
            "--token-key FILE (wsecho key makes one), or listen on loopback, which "
            "is the default",
            address=describe_peer(port.getHost()),
        )


def warn_of_rooms(config: Config) -> None:
    """Warn of rooms that are said to be the server's alone, where everybody may operate them."""
    if config.asks_for_tokens or config.app or config.ask:
        return
    for table in config.room_tables:
        if table.given.get("publish") == "server":
            _log.warn(
                '{table}: publish = "server" keeps nobody out without --token-key, for everybody '
                "may operate every room",
                table=table_name(table.glob),
            )
            return


def _warn_of_files(config: Config, given_away: Sequence[Path]) -> None:
    if given_away:
        _log.warn(
            "--token-key {files}: there is a private key, with which tokens are made; the public "
            "half is all that a server needs (wsecho key writes it to FILE.pub)",
            files=", ".join(map(str, given_away)),
        )
    secrets = {"cluster-secret": config.cluster_secret, "wampcra-secrets": config.wampcra_secrets}
    for option, path in secrets.items():
        if path is not None and _may_be_read_by_all(path):
            _log.warn(
                "--{what} {files}: every user of this machine may read it: let only the server's "
                "(chmod o-r)",
                what=option,
                files=str(path),
            )


def _may_be_read_by_all(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & S_IROTH)
    except OSError:
        # It was read a moment ago; whoever reads it again will tell.
        return False
