# SPDX-License-Identifier: MIT
"""A server for the tests of others' programs, and what its lab saw of them.

It runs in a process of its own: nothing of it, nor of Twisted, is imported here. Of this package
it knows only `core`.
"""

from wsecho.testing.echo_server import EchoServer, serving
from wsecho.testing.process import StartError
from wsecho.testing.reports import Connection, Ended, Frame, Head, Report, Verdict, Wrong

__all__ = [
    "Connection",
    "EchoServer",
    "Ended",
    "Frame",
    "Head",
    "Report",
    "StartError",
    "Verdict",
    "Wrong",
    "serving",
]
