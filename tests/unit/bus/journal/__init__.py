# SPDX-License-Identifier: MIT
"""What is written to a file, and read again."""
