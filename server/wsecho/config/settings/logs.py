# SPDX-License-Identifier: MIT
"""What is logged, and where to."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from wsecho.config import values
from wsecho.config.settings.option import option, switch


@frozen(kw_only=True, slots=False)
class LogSettings:
    """What is logged, and where to."""

    log_file: Path | None = option(
        "log-file",
        values.path_to_write,
        "Append the log to this file. Once it was moved away, a new one is begun, at the next "
        "line or on SIGUSR1.",
        metavar="FILE",
        example="/var/log/wsecho/wsecho.log",
        default=None,
        shown="standard output",
    )
    log_format: str = option(
        "log-format",
        values.log_format,
        "Write the log as text, or as json with one object a line.",
        metavar="text|json",
        example="json",
        default="text",
        shown="text",
    )
    connection_log: bool = switch(
        "no-connection-log",
        "Write no line for each connection that opens and for each that ends.",
    )
