# SPDX-License-Identifier: MIT
"""How many examples hypothesis tries where each one takes real sockets, and so a good while."""

from typing import Final

from hypothesis import settings

_ENOUGH: Final = 10


def few() -> settings:
    """Return the profile that is loaded with a tenth of its examples: ten, where it has fewer."""
    examples = settings().max_examples
    return settings(max_examples=min(examples, max(_ENOUGH, examples // 10)))
