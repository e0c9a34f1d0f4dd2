# SPDX-License-Identifier: MIT
"""The options, in groups: what each is called, what it means, how it is read.

`config` and the documentation import the groups from here; all else asks a `Config`. It must not
know who uses an option, nor what follows from two of them together.
"""
