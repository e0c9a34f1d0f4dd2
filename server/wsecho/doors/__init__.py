# SPDX-License-Identifier: MIT
"""The ways in: everything that a client can knock at, on Twisted and Autobahn."""
