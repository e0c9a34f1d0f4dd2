# SPDX-License-Identifier: MIT
"""From options to a running server: what builds the parts, binds the ports and ends it all.

Everything below may be imported from here; only `workers` and `starting` may import this. No part
of it knows what a frame or a room is.
"""
