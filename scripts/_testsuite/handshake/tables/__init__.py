# SPDX-License-Identifier: MIT
"""The cases, in tables by what they are about."""

from _testsuite.handshake.case import Case

from . import (
    answers,
    bodies,
    extensions,
    fields,
    hosts,
    keys,
    paces,
    sizes,
    subprotocols,
    targets,
    upgrades,
)

CASES: dict[str, Case] = {
    case.id: case
    for table in (
        *(answers, targets, hosts, upgrades, keys, fields),
        *(subprotocols, extensions, sizes, paces, bodies),
    )
    for case in table.CASES
}
"""Every case by its id."""

GROUPS = {
    "1": "The answer",
    "2": "The request line",
    "3": "Host and Origin",
    "4": "Connection and Upgrade",
    "5": "Versions",
    "6": "Keys",
    "7": "Header fields",
    "8": "Subprotocols",
    "9": "Extensions",
    "10": "Sizes",
    "11": "Pace",
    "12": "Content",
}
"""Their tables' titles."""
