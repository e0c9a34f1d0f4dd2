# SPDX-License-Identifier: MIT
"""One parent, several worker processes: `--workers`."""
