# SPDX-License-Identifier: MIT
"""The lab: what a path asks for, what is sent for it, and what its client did.

`chain` reads the path by the tables of `steps` and `rules`; `answer` and `rules` compose octets,
wrong ones among them; a `session` says what to send when; `watching` and `verdict` judge what
comes back, and `record` keeps it. It may use the other folders of the core, and knows no socket,
no clock and no chance of its own.
"""
