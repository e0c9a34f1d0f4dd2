# SPDX-License-Identifier: MIT
"""What the tests have in common."""
