# SPDX-License-Identifier: MIT
"""What a realm is made of: sessions, and what they hold, ask for and say.

Broker, dealer, meta API and cluster import from here, and so do those who bring the router its
peers, identities and topics. It must not know how a request is served, nor that there are nodes.
"""
