# SPDX-License-Identifier: MIT
"""The options: their names, values and defaults, validated once into one frozen `Config`.

It may be imported by whatever is above `access`. It reads text and files of options, and must not
know the reactor or a connection.
"""
