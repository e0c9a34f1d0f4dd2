# SPDX-License-Identifier: MIT
"""The options, section by section."""
