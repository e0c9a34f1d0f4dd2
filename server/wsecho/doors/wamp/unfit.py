# SPDX-License-Identifier: MIT
"""What comes and is no message, or one that could not be written again for anybody.

JavaScript writes half a surrogate pair as an escape in JSON, and as octets that are no UTF-8 in
MessagePack and CBOR; JSON's ``1e400`` is no number that a computer has. A request with such a value
is refused alone (`wamp.error.invalid_argument`), for its sender goes on well without it.
"""

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

NO_TEXT: Final = "the message holds a text that is not Unicode, such as half a surrogate pair"
NO_NUMBER: Final = "the message holds a number that is too large"
NO_BINARY: Final = "the message holds a text that begins with U+0000 and is not base64 behind it"

NO_KEY: Final = "a dictionary has a key that is not a string"
"""A wrong type, and so no `Unfit`: in WAMP, as in JSON, all keys are strings ("Messages")."""

TOO_DEEP: Final = "lists and dictionaries are nested deeper than this server reads"


class MalformedError(Exception):
    """Octets that are no message in their form."""


@frozen
class Unfit:
    """A message that can be read, but holds what could be written again for nobody.

    Attributes:
        message: as it was read, with something else in the place of what will not do.
        why: what is wrong with it, in a sentence that shows nothing of it.
    """

    message: object
    why: str


class KeyTypeError(Exception):
    """A dictionary has a key that is not a string."""


def check_keys(found: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return a dictionary all of whose keys are strings.

    Raises:
        KeyTypeError: one is not.
    """
    for key in found:
        if type(key) is not str:
            raise KeyTypeError
    return found
