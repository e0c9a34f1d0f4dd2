# SPDX-License-Identifier: MIT
"""What operators see: metrics, health, the loop's lag, and what nodes tell of their connections.

It looks at all that is below and changes nothing there. Only the service imports from here.
"""
