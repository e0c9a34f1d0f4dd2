# SPDX-License-Identifier: MIT
"""The bus of one machine that keeps what it is told in a file, so that a restart forgets nothing.

`journal_bus` is what doors use; only `writer` has a thread, and only `store` knows SQLite. From
here the bus's interface and the core may be imported; doors, options and Twisted's reactor may not.
"""
