# SPDX-License-Identifier: MIT
"""One small program for each client: it echoes, and says at last how that ended.

Each is written as the client's documentation has it, at its defaults, but that those offer
permessage-deflate, too, that do so only when asked. They run in environments of their own.
"""
