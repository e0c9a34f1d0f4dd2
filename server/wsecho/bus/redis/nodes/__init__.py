# SPDX-License-Identifier: MIT
"""What nodes are to each other over Redis: who is alive, who holds what, what they tell.

The bus imports from here. It must not know rooms.
"""
