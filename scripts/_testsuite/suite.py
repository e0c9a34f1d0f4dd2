# SPDX-License-Identifier: MIT
"""What runs the cases: kosoku, or the testsuite's own program. Both are called alike."""

import json
import subprocess
from dataclasses import dataclass

from _shared.errors import CannotRunError
from _shared.process import clean_environment

from .cases import Catalogue


@dataclass(frozen=True, slots=True)
class Suite:
    """How to call what runs the cases here."""

    name: str
    list_cases: list[str]
    """A command that prints the cases, as JSON."""
    fuzz_server: list[str]
    """A command that runs cases against a server; the name of a spec is put behind it."""
    fuzz_client: list[str]
    """A command that serves cases to a client; the name of a spec is put behind it."""
    ends_with_client: bool
    """Whether it ends, with its report, once the client has asked for that."""

    def catalogue(self) -> Catalogue:
        """Ask for the cases, without running any.

        Raises:
            CannotRunError: It does not run.
        """
        environment = clean_environment()
        answer = subprocess.run(self.list_cases, env=environment, capture_output=True, check=False)
        if answer.returncode:
            reason = answer.stderr.decode(errors="replace").strip().splitlines() or ["no reason"]
            raise CannotRunError(f"{self.name} does not run: {reason[-1]}")
        known = json.loads(answer.stdout)
        return Catalogue(dict(known["descriptions"]), known["categories"], known["subcategories"])
