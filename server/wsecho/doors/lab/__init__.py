# SPDX-License-Identifier: MIT
"""The lab's door: connections that do what their path says, and the list and the reports over HTTP.

The handshake imports from here. What is done is the core's to say (`wsecho.core.lab`); here are
the sockets and the clock. It must not know rooms, nor the lane.
"""
