# SPDX-License-Identifier: MIT
"""A clock whose turns are a reactor's: what is called later in one is called in the next."""

from twisted.internet.task import Clock


class TurningClock(Clock):
    """Twisted's own calls in one `advance` what is called later meanwhile, too."""

    def turn(self) -> bool:
        """Make the calls that are due now, and none that they ask for; tell whether any was."""
        due = [call for call in self.calls if call.time <= self.rightNow]
        for call in due:
            if call.active():
                self.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)
        return bool(due)
