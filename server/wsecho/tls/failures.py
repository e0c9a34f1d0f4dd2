# SPDX-License-Identifier: MIT
"""Handshakes that fail: why, in plain words, and never so many lines that the log drowns."""

import re
from collections import Counter
from typing import Final

from OpenSSL.SSL import Error, SysCallError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from wsecho.tls.certificates import NoCommonProtocolError

MAX_LINES: Final = 10
"""Failures that have a line of their own within `WINDOW`."""

WINDOW: Final = 10.0
"""Seconds after which those that had none are told together."""

CUT: Final = "it was cut midway"
CUT_HERE: Final = "it was not done in time, or there is no place for it"

_EOF: Final = "unexpected eof"
_NO_TLS: Final = "what came is no TLS"
_NO_VERSION: Final = "no version of TLS is spoken by both"
_WORDS: Final = {
    "http request": "it is plain HTTP, and this port speaks TLS",
    "https proxy request": "it is a request to a proxy, and this port speaks TLS",
    "wrong version number": _NO_TLS,
    "record layer failure": _NO_TLS,
    "packet length too long": _NO_TLS,
    "bad record type": _NO_TLS,
    "unexpected message": _NO_TLS,
    "unsupported protocol": _NO_VERSION,
    "version too low": _NO_VERSION,
    "no protocols available": _NO_VERSION,
    "no shared cipher": "no cipher is common to both",
    "no shared group": "no group for the key exchange is common to both",
    "no suitable key share": "no group for the key exchange is common to both",
    "no suitable groups": "no group for the key exchange is common to both",
    "no suitable signature algorithm": "no signature algorithm is common to both",
    "no shared signature algorithms": "no signature algorithm is common to both",
}
# OpenSSL names what an alert belongs to in another way from version to version.
_ALERT: Final = re.compile(r"\S+ alert (.*)")
_OF_THE_CERTIFICATE: Final = {
    *("unknown ca", "bad certificate", "certificate unknown", "certificate expired"),
    *("unsupported certificate", "certificate revoked"),
}


def why(error: BaseException | None) -> str:
    """Say in plain words what ended a handshake; nothing of it is the peer's own text.

    Args:
        error: OpenSSL's complaint; None where the connection just ended.
    """
    if isinstance(error, NoCommonProtocolError):
        return "it offers protocols by ALPN, and http/1.1 is none of them"
    # An error of the system's, or an empty queue, is how an end without `close_notify` looks.
    is_cut = isinstance(error, SysCallError) or not isinstance(error, Error)
    queue = [] if is_cut else error.args[0]  # type: ignore[union-attr]
    # The first is the cause; what follows it in the queue only comes of it.
    reason = str(queue[0][-1]).lower() if queue else _EOF
    alert = _ALERT.fullmatch(reason)
    if alert is not None:
        return _why_the_peer_ended_it(alert[1])
    return CUT if reason.startswith(_EOF) else _WORDS.get(reason, reason)


def _why_the_peer_ended_it(alert: str) -> str:
    if alert in _OF_THE_CERTIFICATE:
        return f"the peer does not take the certificate (alert {alert})"
    if alert == "protocol version":
        return f"{_NO_VERSION} (alert {alert})"
    return f"the peer ended it (alert {alert})"


class Failures:
    """Tells of handshakes that failed.

    Args:
        clock: says when those that had no line are told of.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._told = 0
        self._untold: Counter[str] = Counter()

    def tell(self, peer: str, reason: str) -> None:
        """Write a line, or count for the one that tells of many."""
        if self._told == 0:
            self._clock.callLater(WINDOW, self._end_window)
        self._told += 1
        if self._told > MAX_LINES:
            self._untold[reason] += 1
        else:
            self._log.info("no TLS with {peer}: {reason}", peer=peer, reason=reason)

    def _end_window(self) -> None:
        self._told = 0
        untold, self._untold = self._untold, Counter()
        if untold:
            reasons = "; ".join(f"{reason} ({times})" for reason, times in untold.most_common(5))
            self._log.info(
                "no TLS with {count} more within {seconds:.0f} s: {reasons}",
                count=untold.total(),
                seconds=WINDOW,
                reasons=reasons,
            )
