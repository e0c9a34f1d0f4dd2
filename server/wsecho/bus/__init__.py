# SPDX-License-Identifier: MIT
"""What carries a room's messages between processes: nothing (`memory`), or Redis (`redis`).

Fan-out, doors and the service import its `interface`, and the service alone what stands behind it.
It must not know who is in a room here, nor how anything is told to a client.
"""
