# SPDX-License-Identifier: MIT
"""HTTP on Twisted: requests and their answers, the page's files, origins.

The doors that speak HTTP import from here. It must not know rooms, nor what opens a WebSocket.
"""
