# SPDX-License-Identifier: MIT
"""What is logged by Python's own logging, which `core` uses."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import BufferingHandler


@contextmanager
def logged() -> Iterator[list[logging.LogRecord]]:
    """All records meanwhile.

    The unit part runs without pytest's `caplog`, whose plugin takes a tenth of its time.
    """
    handler = BufferingHandler(1000)
    logging.getLogger().addHandler(handler)
    try:
        yield handler.buffer
    finally:
        logging.getLogger().removeHandler(handler)
