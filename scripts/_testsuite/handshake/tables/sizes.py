# SPDX-License-Identifier: MIT
"""How much a head may be."""

from _testsuite.handshake.case import Case, Level, request
from _testsuite.handshake.rights import BOUNDS, OPENS, bounds_by, refuses

_LARGE = 64 * 1024
_FIELDS = "Larger than a server wishes to process: it answers a 4xx, such as 431."

CASES = (
    Case(
        "10.1",
        "A header field of 64 KiB",
        "RFC 9110 5.4",
        _FIELDS,
        Level.MUST,
        BOUNDS,
        request(also=[f"X-Test: {'a' * _LARGE}"]),
    ),
    Case(
        "10.2",
        "A header field that does not end, 1 MiB of it",
        "RFC 9110 5.4, 17.5",
        "A recipient ought to limit what it reads, and answers what is over that with a 4xx.",
        Level.SHOULD,
        refuses(),
        request(also=[f"X-Test: {'a' * 16 * _LARGE}"], last=""),
    ),
    Case(
        "10.3",
        "500 header fields",
        "RFC 9110 5.4",
        _FIELDS,
        Level.MUST,
        BOUNDS,
        request(also=[f"X-Test-{n}: {n}" for n in range(500)]),
    ),
    Case(
        "10.4",
        "A target of 64 KiB",
        "RFC 9112 3",
        "Longer than a server wishes to parse: it answers 414.",
        Level.MUST,
        bounds_by(414),
        request(f"GET {{target}}{{query}}a={'a' * _LARGE} HTTP/1.1"),
    ),
    Case(
        "10.5",
        "A request line of nearly 8,000 octets",
        "RFC 9112 3",
        "It is recommended that everybody supports 8,000 at least.",
        Level.SHOULD,
        OPENS,
        request(f"GET {{target}}{{query}}a={'a' * 7_900} HTTP/1.1"),
    ),
    Case(
        "10.6",
        "A cookie of 4 KiB",
        "RFC 6265 6.1",
        "As large as browsers keep and send them.",
        Level.TAKE,
        OPENS,
        request(also=[f"Cookie: a={'a' * 4_000}"]),
    ),
)
