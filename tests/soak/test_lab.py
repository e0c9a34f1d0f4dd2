# SPDX-License-Identifier: MIT
"""Five hundred connections to each step of the lab, which go away: what they leave behind."""

import asyncio

from tests.support.lab import BareClient, descriptors, go_away, resident, target_of
from tests.support.processes import running
from tests.support.waiting import settled
from wsecho.core.lab.steps import STEPS

NUMBER = 500
ALLOWED = 100 << 20


def test_five_hundred_open_each_step_and_go_away() -> None:
    """Memory and descriptors are as before once the time of a connection is over."""
    with running("--lab-time", "10") as server:
        go_away(server, "/lab", NUMBER)
        files, memory = descriptors(server), resident(server)
        for name in STEPS:
            go_away(server, target_of(name), NUMBER)
            with BareClient.to(server, "") as client:
                client.send(0x81, b"alive")
                assert client.frames(7) == b"\x81\x05alive"
            grown = resident(server) - memory
            print(f"{name}: {grown >> 20} MiB more, {descriptors(server)} descriptors")
            assert grown < ALLOWED, name
        assert asyncio.run(settled(lambda: descriptors(server) <= files, True))
        assert resident(server) - memory < ALLOWED
