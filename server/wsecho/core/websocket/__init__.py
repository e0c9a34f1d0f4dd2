# SPDX-License-Identifier: MIT
"""RFC 6455's frames and RFC 7692's compression, octets in and octets out.

The lane and the WebSocket doors import from here. It must not know rooms nor sockets.
"""
