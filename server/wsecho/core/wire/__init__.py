# SPDX-License-Identifier: MIT
"""The words that everything else is told in: errors, names, positions, grants, events.

Every folder may import from here; it imports nothing but the standard library and attrs.
"""
