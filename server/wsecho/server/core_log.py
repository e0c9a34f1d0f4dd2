# SPDX-License-Identifier: MIT
"""What the core logs through Python's own `logging`, told to Twisted's log with all else."""

import logging
from typing import Final

from twisted.logger import Logger
from twisted.python.failure import Failure

OURS: Final = "wsecho"


class ToTwisted(logging.Handler):
    """Hands on each record, and what was raised."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it under the name of whoever logged it."""
        logger = Logger(namespace=record.name)
        text = record.getMessage().replace("{", "{{").replace("}", "}}")
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            logger.error(text)
        else:
            logger.failure(text, Failure(error, type(error), error.__traceback__))


def tell_core_log() -> None:
    """Hand on what this process's core logs, once."""
    logger = logging.getLogger(OURS)
    if not any(isinstance(handler, ToTwisted) for handler in logger.handlers):
        logger.addHandler(ToTwisted())
