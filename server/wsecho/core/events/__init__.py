# SPDX-License-Identifier: MIT
"""What applications are told: events, the order in which they wait, and batches of them.

Whatever tells of rooms may be imported from here; it must know no HTTP, no Redis and no clock.
"""
