# SPDX-License-Identifier: MIT
"""The functions of `octets`, compiled where they were.

`WSECHO_PURE=1` in the environment has them in Python anyway.
"""

import os
from contextlib import suppress
from types import ModuleType

from wsecho.lane import octets

implementation: ModuleType = octets
if not os.environ.get("WSECHO_PURE"):
    # It is missing where no compiler was, and no wheel that carries it.
    with suppress(ImportError):
        from wsecho.lane import _octets as implementation

is_compiled = implementation is not octets
"""Whether they are."""

echo = implementation.echo
read_messages = implementation.read_messages
receive = implementation.receive
receive_masked = implementation.receive_masked
send_message = implementation.send_message
send_to_all = implementation.send_to_all
unmask_in_place = implementation.unmask_in_place
unmask_text = implementation.unmask_text
