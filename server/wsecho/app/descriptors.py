# SPDX-License-Identifier: MIT
"""File descriptors: a process may have few of them unless it asks for more."""

import resource
from typing import Final

from twisted.logger import Logger

SPARE: Final = 256
"""Descriptors beside the connections': ports, logs, pages, and whoever is being turned away."""

_log = Logger()


def provide_descriptors(connections: int) -> int | None:
    """Let this process have as many descriptors as so many connections need, if it may.

    Args:
        connections: how many there may be; 0 for as many as the system allows.

    Returns:
        how many there can be; None for any number.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted_limit(connections, soft, hard)
    if wanted != soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    have = hard if wanted == resource.RLIM_INFINITY else wanted
    if have == resource.RLIM_INFINITY:
        return None
    possible = max(have - SPARE, have // 2)
    if possible < connections:
        _log.warn(
            "--max-connections {connections} needs {needed} file descriptors, but the system "
            "allows {have} for a process, which is enough for {possible}: raise the hard limit "
            "(ulimit -Hn, LimitNOFILE=)",
            connections=connections,
            needed=connections + SPARE,
            have=have,
            possible=possible,
        )
    return possible


def wanted_limit(connections: int, soft: int, hard: int) -> int:
    """Return the soft limit to set; never one below that which is in force.

    Args:
        connections: how many there may be; 0 for any number.
        soft: the limit in force.
        hard: how far it may be raised; `RLIM_INFINITY` for any.
    """
    if soft == resource.RLIM_INFINITY or not connections:
        return soft if soft == resource.RLIM_INFINITY else hard
    wanted = max(soft, connections + SPARE)
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
