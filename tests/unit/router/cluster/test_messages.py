# SPDX-License-Identifier: MIT
"""What nodes say to one another, and what is passed over."""

from __future__ import annotations

import pytest

from wsecho.router.cluster import messages


def test_notices_of_another_version_are_passed_over() -> None:
    """And of a kind that is not known."""
    left = messages.Left(1)
    assert messages.read(messages.write(left)) == left
    assert messages.read([messages.VERSION + 1, 3, 1]) is None
    assert messages.read([messages.VERSION, 99]) is None
    for malformed in ([messages.VERSION, 3], [messages.VERSION, 3, 1, 2], [], None):
        with pytest.raises((TypeError, ValueError)):
            messages.read(malformed)
