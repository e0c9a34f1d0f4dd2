# SPDX-License-Identifier: MIT
"""One parent, several worker processes: `--workers`.

`starting` imports the parent's service from here, and the parent starts a worker as a program. It
must not know what a door or a room is: a worker is all of the server, as `app` makes it.
"""
