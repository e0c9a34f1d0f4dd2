# SPDX-License-Identifier: MIT
"""A request's head, and what it says of the body behind it (RFC 9112 section 6).

Where a head leaves open how long its body is, or says it in a way that another parser might read
differently, the request is refused, and the connection has to end: what follows could be anything.
"""

import re
from typing import Final

from attrs import frozen

from wsecho.core.http.requests import TOKEN, RequestHead
from wsecho.core.http.targets import resolve
from wsecho.core.wire.errors import BadRequest, NotExpected, TooLarge, Unimplemented, WrongType

_LENGTH: Final = re.compile(r"[0-9]+")
_MAX_DIGITS: Final = 18
_CONTINUE: Final = "100-continue"
_NOT_CODED: Final = ("Accept-Encoding", "identity")


@frozen
class Incoming:
    """A request whose head has come.

    Attributes:
        head: the head, its target being a path.
        length: octets of the body, 0 for none, None where it comes in chunks.
        waits: whether the client waits for a `100 Continue` before it sends the body.
    """

    head: RequestHead
    length: int | None
    waits: bool

    @classmethod
    def of(cls, head: RequestHead) -> "Incoming":
        """Check what every request has to keep to, whoever answers it.

        Raises:
            BadRequest: `Host`, the target or the body's length is malformed or ambiguous.
            Unimplemented: the body is in a transfer coding that is not known here.
            TooLarge: its length is a number that no body has.
            NotExpected: something else is expected than `100-continue`.
        """
        head = resolve(head)
        length = _length(head)
        return cls(head, length, waits=_expects(head) and length != 0)

    def check_coding(self) -> None:
        """Check that the body is as it is, and not compressed.

        Raises:
            WrongType: it is; the answer says what would have been taken (RFC 9110 section 15.5.16).
        """
        if self.length == 0:
            return
        for coding in self.head.words("content-encoding"):
            if coding != "identity":
                raise WrongType("the body has a Content-Encoding, which is not read", _NOT_CODED)


def _length(head: RequestHead) -> int | None:
    lengths = head.all("content-length")
    if head.all("transfer-encoding"):
        _check_chunked(head, has_length=bool(lengths))
        return None
    if not lengths:
        return 0
    # A list of the same length over and over may be taken for one (RFC 9112 section 6.3), or not.
    if len(lengths) > 1 or _LENGTH.fullmatch(lengths[0]) is None:
        raise BadRequest("the header Content-Length is not one number")
    digits = lengths[0].lstrip("0")
    if len(digits) > _MAX_DIGITS:
        raise TooLarge("the header Content-Length is larger than any body")
    return int(digits or "0")


def _check_chunked(head: RequestHead, *, has_length: bool) -> None:
    codings = [
        part.strip(" \t").lower() for part in ",".join(head.all("transfer-encoding")).split(",")
    ]
    if head.is_of_http_1_0:
        raise BadRequest("HTTP/1.0 has no Transfer-Encoding")
    if has_length:
        raise BadRequest("Transfer-Encoding and Content-Length exclude each other")
    if codings[-1] != "chunked" or codings.count("chunked") > 1:
        raise BadRequest("the last Transfer-Encoding is not chunked, once")
    if not all(map(TOKEN.fullmatch, (coding.partition(";")[0].rstrip() for coding in codings))):
        raise BadRequest("the header Transfer-Encoding is malformed")
    if len(codings) > 1:
        raise Unimplemented("of transfer codings only chunked is known here")


def _expects(head: RequestHead) -> bool:
    """Tell whether `100 Continue` is waited for (RFC 9110 section 10.1.1)."""
    if head.is_of_http_1_0 or not head.all("expect"):
        return False
    expected = head.words("expect")
    if any(expectation != _CONTINUE for expectation in expected):
        raise NotExpected(f"of expectations only {_CONTINUE} is known here")
    return bool(expected)
