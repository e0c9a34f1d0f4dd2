# SPDX-License-Identifier: MIT
"""What several workers cannot do without."""

from wsecho.config.config import Config
from wsecho.config.errors import UsageError


def check_needs(config: Config) -> None:
    """Let several workers start only where something carries the rooms between them.

    Raises:
        UsageError: nothing does.
    """
    if config.redis is None:
        raise UsageError(
            "workers",
            config.workers,
            "needs --redis URL, for more than one process have their rooms in common through it",
        )
