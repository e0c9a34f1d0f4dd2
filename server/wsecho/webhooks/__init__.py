# SPDX-License-Identifier: MIT
"""The application beside the server, over HTTP: its URL, what is signed for it, how it is reached.

Questions and events go by what is here. It knows nothing of doors, rooms or options.
"""
