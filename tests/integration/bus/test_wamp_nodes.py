# SPDX-License-Identifier: MIT
"""WAMP over several real servers on one Redis, with real clients."""
