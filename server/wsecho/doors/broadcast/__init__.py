# SPDX-License-Identifier: MIT
"""Rooms over plain HTTP: published with POST, read as server-sent events or by long-poll.

==========================================  ====================================================
``GET /broadcast``                          the rooms and their member counts (grant `operate`)
``POST /broadcast``                         ``{"rooms": […], "data": …}``: one message to many
``GET /broadcast/R``                        ``{"position", "recovered", "messages"}``
``GET /broadcast/R`` with                   a stream of the room's frames
``Accept: text/event-stream``
``POST /broadcast/R``                       201 ``{"position"}``, and its address in `Location`
``GET /broadcast/R/members``                who is there
==========================================  ====================================================

The front and the service import its resource. It must not know WebSockets, nor WAMP.
"""
