# SPDX-License-Identifier: MIT
"""The image and its composition say what the server and its documentation say."""

import json
import re

import yaml  # type: ignore[import-untyped]  # comes with what builds the documentation

from tests.support.documents import DOCS, ROOT, fences
from wsecho.config.given import Given

COMPOSED = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
CONTAINERFILE = (ROOT / "Containerfile").read_text()


def test_the_image_starts_a_server() -> None:
    """By options that there are, as a user of no rights, and not by way of a shell."""
    [entry] = re.findall(r"^ENTRYPOINT (.+)$", CONTAINERFILE, re.MULTILINE)
    [options] = re.findall(r"^CMD (.+)$", CONTAINERFILE, re.MULTILINE)
    assert json.loads(entry) == ["/opt/wsecho/bin/wsecho", "serve"]
    assert Given.read(json.loads(options)).load().listen == ("tcp:8080",)
    assert re.findall(r"^USER (.+)$", CONTAINERFILE, re.MULTILINE) == ["10001:10001"]


def test_nothing_of_the_build_is_in_the_image() -> None:
    """Its last stage takes one folder from the others, and runs nothing."""
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"^(?:COPY|ADD|RUN) .*$", last, re.MULTILINE) == [
        "COPY --from=environment /opt/wsecho /opt/wsecho"
    ]


def test_both_servers_start() -> None:
    """By options that there are, in containers that are written to nowhere but in /tmp."""
    for name in ("one", "two"):
        server = COMPOSED[name]
        assert Given.read(server["command"]).load().redis is not None
        assert server["read_only"]
        assert server["tmpfs"] == ["/tmp"]
        assert server["cap_drop"] == ["ALL"]


def test_its_nginx_is_the_documented_one() -> None:
    """But for where the servers are."""
    page = DOCS / "howto/proxies.md"
    [documented] = [fence.text for fence in fences(page) if fence.language == "nginx"]
    ours = (DOCS / "deploy/container/nginx.conf").read_text().partition("\n\n")[2]
    for there, here in (("10.0.0.5", "one"), ("10.0.0.6", "two")):
        documented = documented.replace(there, here)
    assert ours == documented
