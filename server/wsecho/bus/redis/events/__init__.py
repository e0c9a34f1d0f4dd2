# SPDX-License-Identifier: MIT
"""Events that wait in Redis to be told, and who is inside the rooms that are told of.

The bus imports `RedisEvents` from here. It must not know whom they are told, nor how.
"""
