# SPDX-License-Identifier: MIT
"""A node among others: its name, and how what is not its own reaches them."""

from attrs import frozen

from wsecho.doors.forwarding.sending import Forwarder


@frozen
class Cluster:
    """This node's place among the others.

    Attributes:
        node: its name.
        forwarder: reaches the others.
    """

    node: str
    forwarder: Forwarder
