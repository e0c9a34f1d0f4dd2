# SPDX-License-Identifier: MIT
"""Serving requests: the broker, the dealer, and the realm that puts them together.

The meta API, the cluster and the router import the realm from here. It must not know any of them:
what other nodes have to do with is asked of `OtherNodes`.
"""
