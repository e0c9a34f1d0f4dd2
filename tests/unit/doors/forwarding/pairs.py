# SPDX-License-Identifier: MIT
"""Two nodes of one machine, and a session at the first."""

from typing import Any

from tests.unit.doors.forwarding.harness import Net, make_node
from tests.unit.doors.harness import Exchange

HELLO = b'[1,"realm1",{"roles":{"caller":{}}}]'


JSON = "application/json"


class Pair:
    """Two nodes of one machine, and a session at the first."""

    def __init__(self, **options: Any) -> None:
        self.net = Net()
        theirs = options.pop("theirs", {})
        self.owner = make_node(self.net, "a", ("a", "b"), **options)
        self.other = make_node(self.net, "b", ("a", "b"), **{**options, **theirs})
        self.session = self.open()

    def open(self) -> str:
        """Open a session at the owner."""
        opened = self.owner.ask("POST", "/lp/open", b'{"protocols":["wamp.2.json"]}')
        found = str(opened.json["transport"])
        assert found.startswith("a.")
        return found

    def ask(self, verb: str, body: bytes = b"", /, **headers: str) -> Exchange:
        """Ask the other node."""
        method = "GET" if verb.startswith("events") else "POST"
        fields = {} if method == "GET" else {"content_type": JSON}
        path = f"/lp/{self.session}/{verb}"
        exchange = self.other.ask(method, path, body, **{**fields, **headers})
        self.net.run()
        return exchange

    def join(self) -> None:
        """Open the WAMP session, at the other node."""
        assert self.ask("send", HELLO).status == 204
        assert self.ask("receive").json[0] == 2
