# SPDX-License-Identifier: MIT
"""Whether a server's answer to an offer of extensions is one that RFC 7692 allows."""

import re
from collections.abc import Iterator

DEFLATE = "permessage-deflate"
_SWITCHES = {"server_no_context_takeover", "client_no_context_takeover"}
_WINDOWS = {"server_max_window_bits", "client_max_window_bits"}
_BITS = re.compile(r"[89]|1[0-5]")
_PIECE = re.compile(r'(?:[^,;"]|"(?:[^"\\]|\\.)*")+|[,;]')
_ESCAPED = re.compile(r"\\(.)")

Parameters = dict[str, str | None]


def problem(offered: list[str], answered: list[str]) -> str | None:
    """Say what is wrong with an answer, None where it is right.

    Args:
        offered: the values of the request's `Sec-WebSocket-Extensions`, a line each.
        answered: those of the answer's.
    """
    offers = list(_extensions(", ".join(offered)))
    for name, parameters in _extensions(", ".join(answered)):
        mine = [each for offer, each in offers if offer == name]
        if not mine:
            return f"the extension {name} was not offered"
        if name == DEFLATE and not any(_allows(offer, parameters) for offer in mine):
            return f"{'; '.join(answered)} is no answer to what was offered"
    return None


def _extensions(text: str) -> Iterator[tuple[str, Parameters | None]]:
    """Give each extension of a list with its parameters: None where one stands twice."""
    extension: list[str] = []
    for piece in [*(found[0] for found in _PIECE.finditer(text)), ","]:
        if piece == ",":
            if extension:
                yield extension[0].lower(), _parameters(extension[1:])
            extension = []
        elif piece != ";" and piece.strip():
            extension.append(piece.strip(" \t"))


def _parameters(pieces: list[str]) -> Parameters | None:
    found: Parameters = {}
    for piece in pieces:
        name, has_value, value = (part.strip(" \t") for part in piece.partition("="))
        if name in found:
            return None
        if value.startswith('"'):
            value = _ESCAPED.sub(r"\1", value[1:-1])
        found[name] = value if has_value else None
    return found


def _allows(offer: Parameters | None, answer: Parameters | None) -> bool:
    """Tell whether an offer is a valid one, and an answer accepts it (section 7.1)."""
    if offer is None or answer is None:
        return False
    may_lack = {"client_max_window_bits"}
    if not (_is_valid(offer, may_lack) and _is_valid(answer, set())):
        return False
    ours = answer.get("server_max_window_bits") or "15"
    asked = offer.get("server_max_window_bits")
    return (
        ("server_no_context_takeover" not in offer or "server_no_context_takeover" in answer)
        and (asked is None or ("server_max_window_bits" in answer and int(ours) <= int(asked)))
        and ("client_max_window_bits" not in answer or "client_max_window_bits" in offer)
    )


def _is_valid(parameters: Parameters, may_lack: set[str]) -> bool:
    for name, value in parameters.items():
        if name in _SWITCHES:
            if value is not None:
                return False
        elif name not in _WINDOWS:
            return False
        elif value is None:
            if name not in may_lack:
                return False
        elif _BITS.fullmatch(value) is None:
            return False
    return True
