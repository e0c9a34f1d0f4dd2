# SPDX-License-Identifier: MIT
"""An import may only point down, folder by folder, and nothing goes in a circle."""

import pytest

from tests.support.imports import PACKAGE, circles, imported

# What stands in a folder, from the bottom up. What shares a step does not know of each other.
STEPS = {
    "wsecho": [
        *("core", "loops client hooks testing", "bus webhooks", "router", "access lane"),
        *("config", "server", "fanout", "doors events", "ops", "app", "workers", "starting"),
        *("trying", "command pytest_plugin"),
    ],
    "wsecho.core": ["wire", "promise", "websocket limits", "rooms", "events http", "lab"],
    "wsecho.bus": [
        "deferreds",
        "measures",
        "interface",
        "memory_events",
        "one_process",
        "memory journal redis",
    ],
    "wsecho.bus.redis": ["client", "context", "rooms nodes", "events dispatch", "bus"],
    "wsecho.client": [
        *("errors aside retrying", "model room_url http_post tokens"),
        *("protocol http_answer address", "link posting", "over_http", "room", "connecting"),
        "sync",
    ],
    "wsecho.client.protocol": [
        *("backoff frames inbox liveness phases plan refusals renewal", "outage outbox reading"),
        *("actions", "publishing", "machine"),
    ],
    "wsecho.doors": [
        *(
            "gate",
            "websocket",
            "http",
            "broadcast forwarding lab",
            "admission",
            "wamp",
            "handshake",
        ),
        "front",
    ],
    "wsecho.router": ["wire", "model", "routing", "meta cluster", "router"],
}
CORE_MAY_USE = {
    *("__future__", "attrs", "base64", "binascii", "collections", "datetime", "enum", "fnmatch"),
    *(
        "functools",
        "hashlib",
        "html",
        "http",
        "ipaddress",
        "itertools",
        "json",
        "logging",
        "math",
        "re",
        "struct",
        "types",
    ),
    *("typing", "unicodedata", "urllib", "xml", "zlib"),
    "mmap",  # for memory that is no file's
}


@pytest.mark.parametrize("package", STEPS)
def test_imports_point_down(package: str) -> None:
    """No room of a folder knows what is built upon it, nor what stands beside it."""
    height = {room: step for step, rooms in enumerate(STEPS[package]) for room in rooms.split()}
    arrows = PACKAGE.rooms(package)
    assert set(height) <= set(arrows)
    up = [
        (room, other)
        for room, others in arrows.items()
        for other in others
        if room in height and height.get(other, -1) >= height[room]
    ]
    assert up == []


@pytest.mark.parametrize("package", PACKAGE.packages())
def test_the_rooms_of_a_folder_go_in_no_circle(package: str) -> None:
    """Neither its files nor its folders, whichever way around."""
    assert circles(PACKAGE.rooms(package)) == []


def test_no_files_go_in_a_circle() -> None:
    """Not even for the sake of types."""
    assert circles(PACKAGE.arrows) == []


def test_circles_are_found() -> None:
    """So that the tests above can fail."""
    arrows = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a", "d"}, "e": {"d"}}
    assert circles({name: frozenset(others) for name, others in arrows.items()}) == [
        ["a", "b", "c"],
        ["d"],
    ]


@pytest.mark.parametrize(
    "name", [name for name in PACKAGE.modules if name.startswith("wsecho.core.")]
)
def test_the_core_knows_no_input_and_no_output(name: str) -> None:
    """No Twisted, no Autobahn, no sockets, no clock: only this list."""
    for used in imported(PACKAGE.modules[name]):
        top = used.split(".")[0]
        assert top in CORE_MAY_USE or used.startswith("wsecho.core"), f"{name} imports {used}"


@pytest.mark.parametrize(
    "name", [name for name in PACKAGE.modules if name.startswith("wsecho.client.protocol")]
)
def test_what_a_client_decides_knows_no_input_and_no_output(name: str) -> None:
    """No asyncio, no sockets, no clock: that is what its shell has."""
    for used in imported(PACKAGE.modules[name]):
        assert used.split(".")[0] in {*CORE_MAY_USE, "heapq", "wsecho"}, f"{name} imports {used}"


@pytest.mark.parametrize("folder", ["client", "testing"])
def test_what_runs_in_others_programs_knows_no_twisted(folder: str) -> None:
    """Nor what is built upon it; that it knows of the server only the core is said above."""
    for name, path in PACKAGE.modules.items():
        if name.startswith(f"wsecho.{folder}"):
            tops = {used.split(".")[0] for used in imported(path)}
            assert not tops & {"twisted", "autobahn", "zope", "prometheus_client"}, name


@pytest.mark.parametrize(
    "name", [name for name in PACKAGE.modules if name.startswith("wsecho.router")]
)
def test_the_router_knows_no_transport(name: str) -> None:
    """No Twisted, no Autobahn, no sockets: its messages are its own."""
    for used in imported(PACKAGE.modules[name]):
        assert used.split(".")[0] not in {"twisted", "autobahn", "socket", "asyncio", "time"}, used
