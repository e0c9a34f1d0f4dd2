# SPDX-License-Identifier: MIT
"""Rooms, frames and handshakes as plain data: no sockets, no Twisted, no clock of its own.

Everything here takes bytes and the time, and returns what to send. An import in
this package points at the standard library, at attrs or at the package itself.
"""
