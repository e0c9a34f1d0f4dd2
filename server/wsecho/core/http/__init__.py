# SPDX-License-Identifier: MIT
"""HTTP/1.1 and the rooms' queries as plain data: heads, bodies, ranges, conditions, answers.

It is the top of the core and may import all of it. Whatever it reads it is given as octets.
"""
