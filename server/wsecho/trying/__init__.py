# SPDX-License-Identifier: MIT
"""Tries a client, whatever it is written in: a lab, and a command that is run for each case.

It may import the core and `testing`, by which a server is a process of its own: Twisted is none of
what the process imports that starts clients. Only the command line and scripts know of it.
"""
