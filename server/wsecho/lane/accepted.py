# SPDX-License-Identifier: MIT
"""A connection that the reactor does not watch before its first bytes were looked for.

In a storm of new connections their requests are there when they are accepted. Read at once, they
spare the reactor an event each, and where the lane then takes the socket, two calls of the kernel.
"""

from twisted.internet import tcp


class Accepted(tcp.Server):
    """Twisted's own, whose protocol calls `read_at_once` when it is connected."""

    _is_undecided = True

    def startReading(self) -> None:
        """Begin to read, or go on; Twisted's own beginning comes too soon."""
        if self.connected:
            self._is_undecided = False
            super().startReading()  # type: ignore[no-untyped-call]

    def stopReading(self) -> None:
        """Read no more for now."""
        self._is_undecided = False
        super().stopReading()  # type: ignore[no-untyped-call]

    def read_at_once(self) -> None:
        """Read what is here already, and then, unless somebody said otherwise, what comes."""
        # Should the connection have ended already, then the reactor will find that, too.
        self.doRead()
        if self._is_undecided:
            self.startReading()


PLAIN = (tcp.Server, Accepted)
"""The transports that are a TCP socket and nothing else."""
