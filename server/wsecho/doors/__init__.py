# SPDX-License-Identifier: MIT
"""The ways in: everything that a client can knock at, on Twisted and Autobahn.

The service imports the front, the gate and what a door has to be told from here. It must not know
how a port is bound, nor that there are other processes but through the bus.
"""
