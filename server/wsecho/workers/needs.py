# SPDX-License-Identifier: MIT
"""What several workers cannot do without."""

from wsecho.config.config import Config, ConfigError


def check_needs(config: Config) -> None:
    """Let several workers start only where something carries the rooms between them.

    Raises:
        ConfigError: nothing does.
    """
    if config.redis is None:
        raise ConfigError(
            "workers",
            config.workers,
            "needs --redis URL, for more than one process have their rooms in common through it",
        )
