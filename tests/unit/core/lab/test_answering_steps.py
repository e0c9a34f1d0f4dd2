# SPDX-License-Identifier: MIT
"""The steps in the answer to a handshake: all are there, and each says what a client should do."""

from wsecho.core.lab.answering_steps import ANSWERS
from wsecho.core.lab.step_kind import Phase

NAMES = {
    *("status", "retry-after", "body", "redirect", "redirect-308", "hold", "trickle", "accept"),
    *("upgrade", "connection", "protocol", "extension", "deflate", "header", "header-size", "case"),
    *("reason", "interim", "glue", "http", "version", "chunked", "length", "refuse"),
}


def test_every_step_is_there() -> None:
    """Once, and is one of the answer's."""
    assert sorted(kind.name for kind in ANSWERS) == sorted(NAMES)
    assert {kind.phase for kind in ANSWERS} == {Phase.ANSWER}
