# SPDX-License-Identifier: MIT
"""Wills: what is to be done for a node once it is dead, by whichever node finds that out."""

from attrs import frozen


@frozen
class Will:
    """One of them.

    Attributes:
        node: whose it is.
        name: which; a node's are carried out in the order of their names.
    """

    node: str
    name: str
