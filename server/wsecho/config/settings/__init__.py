# SPDX-License-Identifier: MIT
"""The options, in groups: what each is called, what it means, how it is read."""
