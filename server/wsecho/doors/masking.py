# SPDX-License-Identifier: MIT
"""Masking (RFC 6455 section 5.3) at memory speed.

Autobahn's masker for one frame costs more than all the rest of reading it.
"""

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without its compiled part
    from websockets.utils import apply_mask

__all__ = ["apply_mask"]
