# SPDX-License-Identifier: MIT
"""What carries a room's messages between processes: nothing (`memory`), or Redis (`redis`)."""
