# SPDX-License-Identifier: MIT
"""WAMP's messages: read, written, refused, and what they are made of.

Everything of the router imports from here, and so do the doors, access and the settings for URIs
and errors. It must not know sessions, nor what becomes of a request.
"""
