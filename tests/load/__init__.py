# SPDX-License-Identifier: MIT
"""Readers of a room by every door, light enough that hundreds fit beside a server on two cores."""
