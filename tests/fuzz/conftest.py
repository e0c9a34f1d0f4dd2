# SPDX-License-Identifier: MIT
"""Says what cannot be fed by Atheris here."""

from typing import Any

from tests.fuzz.feeding import HAS_ATHERIS


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell in the last lines that the parsers were fed by hypothesis alone, and why."""
    if not HAS_ATHERIS:
        terminalreporter.write_line(
            "fuzz: Atheris has no wheel for this Python here (.cache/atheris.log); "
            "hypothesis alone fed the parsers"
        )
