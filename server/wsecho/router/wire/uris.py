# SPDX-License-Identifier: MIT
"""URIs and the three ways to match them (specification, "Identifiers", "Pattern-based …").

Checked by the specification's loose rule: components hold no dot, no `#`, no white space. Left out
besides are control characters and lone surrogates, which some serializer could not carry or would
take for binary. Autobahn's own patterns end in `$`, and so let a newline pass at the end.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

Match = Literal["exact", "prefix", "wildcard"]
MATCHES: Final[tuple[Match, ...]] = ("exact", "prefix", "wildcard")

_PART = r"[^\s.#\x00-\x1f\x7f-\x9f\ud800-\udfff]"
_URI = re.compile(rf"{_PART}+(?:\.{_PART}+)*")
_PREFIX = re.compile(rf"(?:{_PART}+\.)*{_PART}*")
_WILDCARD = re.compile(rf"{_PART}*(?:\.{_PART}*)*")

# Longer ones are checked each time: a cache must not hold on to megabytes of a peer's making.
_CACHED_LENGTH: Final = 256


@lru_cache(maxsize=4096)
def _is_short_uri(uri: str) -> bool:
    return _URI.fullmatch(uri) is not None


def is_uri(value: object) -> bool:
    """Whether `value` is a URI without empty components."""
    if type(value) is not str:
        return False
    if len(value) <= _CACHED_LENGTH:
        return _is_short_uri(value)
    return _URI.fullmatch(value) is not None


def is_pattern(value: object, match: Match) -> bool:
    """Whether `value` may be subscribed to or registered under the policy `match`.

    A prefix is one of the string, so its last component may be empty; in a wildcard pattern any
    component may be.
    """
    if match == "exact":
        return is_uri(value)
    rule = _PREFIX if match == "prefix" else _WILDCARD
    return type(value) is str and rule.fullmatch(value) is not None


def is_reserved(uri: str) -> bool:
    """Whether `uri` has `wamp` as its first component ("Reserved URIs")."""
    return uri.startswith("wamp.") or uri == "wamp"


def matches(pattern: str, match: Match, uri: str) -> bool:
    """Whether the concrete `uri` falls under `pattern`: the plain definition."""
    if match == "exact":
        return pattern == uri
    if match == "prefix":
        return uri.startswith(pattern)
    wanted, given = pattern.split("."), uri.split(".")
    return len(wanted) == len(given) and all(
        not want or want == got for want, got in zip(wanted, given, strict=True)
    )


def may_reach(pattern: str, match: Match, prefix: str) -> bool:
    """Whether some URI that begins with `prefix` could fall under `pattern`.

    Args:
        pattern: what was subscribed to.
        match: its policy.
        prefix: a string prefix that ends in a dot, such as `wsecho.room.`.
    """
    if match == "exact":
        return pattern.startswith(prefix)
    if match == "prefix":
        return pattern.startswith(prefix) or prefix.startswith(pattern)
    wanted, head = pattern.split("."), prefix.split(".")[:-1]
    return len(wanted) > len(head) and all(
        not want or want == got for want, got in zip(wanted, head, strict=False)
    )
