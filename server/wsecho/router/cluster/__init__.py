# SPDX-License-Identifier: MIT
"""A realm over several nodes: what the routers of a cluster tell one another, and do for it.

Each node tells all others of its sessions, subscriptions and registrations, and keeps a copy of
theirs: so a call finds its callee, and the meta API answers for all. A publication is told to all
nodes, the one that it was made on included, and delivered when it comes round: so every subscriber
sees one order. A call goes to the callee's node, which invokes it for a caller that it does not
have, and back. `messages` is what is said; how it gets there is the `network`'s.

The router imports `RealmCluster` from here, the doors what makes a `Network`: `messages`. It must
not know the meta API, nor what carries a notice from node to node.
"""
