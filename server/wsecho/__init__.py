# SPDX-License-Identifier: MIT
"""wsecho: an exact WebSocket echo, and rooms that lose nothing, in one Twisted process."""

__version__ = "0.1.0"
