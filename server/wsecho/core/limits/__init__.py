# SPDX-License-Identifier: MIT
"""How much, how many, how fast: rates, places, backlogs and queues with their bounds.

Above it everything may import it; it knows of the core's words on the wire only. It is told the
time, and must not ask for it.
"""
