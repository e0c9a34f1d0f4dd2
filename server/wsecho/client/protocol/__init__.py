# SPDX-License-Identifier: MIT
"""What a client of a room decides: frames and the time go in, actions come out.

Nothing here has sockets, tasks or a clock of its own; `Machine` puts the parts together, and the
shell does as it says. It may import the client's `errors` and `model`, and the server's `core`.
"""
