# SPDX-License-Identifier: MIT
"""What all doors share: counts, open connections, addresses of peers, the clock, and the log.

Doors, fan-out and everything above import from here. It must not know any door.
"""
