# SPDX-License-Identifier: MIT
"""The one error that ends a run before it can judge anything."""


class CannotRunError(Exception):
    """Says in one line why there is no result; the script that runs ends with status 2."""
