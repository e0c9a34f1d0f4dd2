# SPDX-License-Identifier: MIT
"""`python -m wsecho` whose nodes find each other by files in a folder, in place of Redis.

python tests/with_directory.py FOLDER --advertise 127.0.0.1:9000 --cluster-secret FILE
"""

import sys
from pathlib import Path

from attrs import frozen
from twisted.internet.defer import Deferred, succeed

from wsecho import service
from wsecho.__main__ import main
from wsecho.core.nodes import Address, parse_address


@frozen
class Folder:
    """Each node has a file with its address."""

    path: Path

    def enter(self, node: str, address: Address) -> None:
        """Write it."""
        (self.path / node).write_text(str(address))

    def find(self, node: str) -> Deferred[Address | None]:
        """Read it."""
        file = self.path / node
        return succeed(parse_address(file.read_text()) if file.is_file() else None)


if __name__ == "__main__":
    folder = Folder(Path(sys.argv.pop(1)))
    setattr(service, "directory_for", lambda _: folder)  # noqa: B010  # mypy lets it be no other way
    main()
