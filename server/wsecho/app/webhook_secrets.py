# SPDX-License-Identifier: MIT
"""The file that an option names for signatures, read at the start and on SIGHUP."""

from collections.abc import Sequence
from pathlib import Path

from wsecho.access.kept import BadFileError, KeptFile
from wsecho.config.config import ConfigError
from wsecho.webhooks.signing import read_webhook_secrets


class WebhookSecrets:
    """What an option's file signs by.

    Args:
        option: the option, without the dashes.
        file: it; None to sign nothing.

    Raises:
        ConfigError: the file cannot be used.
    """

    def __init__(self, option: str, file: Path | None) -> None:
        paths = () if file is None else (file,)
        try:
            self._file = KeptFile(paths, read_webhook_secrets)
        except BadFileError as error:
            raise ConfigError(option, error.path, error.reason) from None

    def __call__(self) -> Sequence[bytes]:
        """Return the secrets in force."""
        return self._file.values[0] if self._file.values else ()

    def reload(self) -> Sequence[Exception]:
        """Read the file again; return why that could not be done, while the old is in force."""
        try:
            self._file.reload()
        except BadFileError as error:
            return [error]
        return []
