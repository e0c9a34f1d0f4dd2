# SPDX-License-Identifier: MIT
"""The procedures by which clients ask a realm about itself, and leave testaments (`wamp.…`).

The router imports `provide_meta` from here, and nobody anything else. It must not know how other
nodes are reached: their sessions are the realm's, and the rest is asked of `OtherNodes`.
"""
