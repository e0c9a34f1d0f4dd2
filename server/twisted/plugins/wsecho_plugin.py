# SPDX-License-Identifier: MIT
"""The name by which twistd finds wsecho."""

from twisted.application.service import ServiceMaker

wsecho = ServiceMaker(
    "wsecho", "wsecho.starting", "An exact WebSocket echo, and rooms that lose nothing.", "wsecho"
)
