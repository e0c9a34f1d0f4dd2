# SPDX-License-Identifier: MIT
"""One message to many readers: the rooms of this process, and how what is said in them goes round.

Doors and the service import from here. It must not know what a door's frames look like, nor which
protocol a reader speaks.
"""
