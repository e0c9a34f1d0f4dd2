# SPDX-License-Identifier: MIT
"""Every parser of what strangers send, fed with anything: see `scripts/fuzz --help`."""
