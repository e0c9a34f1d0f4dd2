# SPDX-License-Identifier: MIT
"""The image and its composition say what the server and its documentation say.

`tests/soak/test_container.py` builds and runs them.
"""

import ast
import json
import re
from ipaddress import ip_address, ip_network

import yaml  # type: ignore[import-untyped]  # comes with what builds the documentation

from tests.support.documents import DOCS, ROOT, fences
from wsecho.config.given import Given

COMPOSITION = yaml.safe_load((ROOT / "compose.yaml").read_text())
COMPOSED = COMPOSITION["services"]
CONTAINERFILE = (ROOT / "Containerfile").read_text().replace("\\\n", "")
NGINX = (DOCS / "deploy/container/nginx.conf").read_text()


def said(word: str, text: str = CONTAINERFILE) -> list[str]:
    """What stands behind a word at the begin of a line."""
    return re.findall(rf"^{word} (.+)$", text, re.MULTILINE)


def test_the_image_starts_a_server() -> None:
    """By options that there are, as a user of no rights, and not by way of a shell."""
    [entry], [options] = said("ENTRYPOINT"), said("CMD")
    assert json.loads(entry) == ["/opt/wsecho/bin/wsecho", "serve"]
    assert Given.read(json.loads(options)).load().listen == ("tcp:8080",)
    assert said("USER") == ["10001:10001"]


def test_nothing_of_the_build_is_in_the_image() -> None:
    """Its last stage is that of Python, with one folder from the other; in both is no compiler."""
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert last.startswith("python\n")
    assert said("(?:COPY|ADD|RUN)", last) == ["--from=environment /opt/wsecho /opt/wsecho"]
    [python] = re.findall(r"FROM \S+ AS python\n(.*?)\nFROM", CONTAINERFILE, re.DOTALL)
    [installed] = re.findall(r"--no-install-recommends +(.*?) +&&", python)
    assert installed.split() == ["ca-certificates", "python3"]


def test_the_image_and_the_composition_ask_alike_how_the_server_is() -> None:
    """By Python, since there is nothing else in the image to ask with."""
    [check] = re.findall(r"^HEALTHCHECK .*? CMD (\[.+\])$", CONTAINERFILE, re.MULTILINE)
    program, option, text = json.loads(check)
    assert (program, option) == ("/opt/wsecho/bin/python", "-c")
    ast.parse(text)
    assert "'127.0.0.1', 8080" in text
    for name in ("one", "two"):
        assert COMPOSED[name]["healthcheck"]["test"] == ["CMD", program, option, text]


def test_both_servers_start() -> None:
    """By options that there are, in containers that are written to nowhere but in /tmp."""
    for name in ("one", "two"):
        server = COMPOSED[name]
        config = Given.read(server["command"]).load()
        assert config.redis is not None
        assert [str(network) for network in config.proxy] == [f"{address_of('nginx')}/32"]
        assert server["read_only"]
        assert server["tmpfs"] == ["/tmp"]
        assert server["cap_drop"] == ["ALL"]
        assert int(server["stop_grace_period"].removesuffix("s")) > config.drain


def address_of(service: str) -> str:
    """Where a service is."""
    address: str = COMPOSED[service]["networks"]["default"]["ipv4_address"]
    return address


def test_they_keep_their_addresses() -> None:
    """Which are in the network, and not that of the machine itself."""
    [config] = COMPOSITION["networks"]["default"]["ipam"]["config"]
    network = ip_network(config["subnet"])
    addresses = [ip_address(address_of(name)) for name in ("nginx", "one", "two")]
    assert len(set(addresses)) == 3
    assert all(address in network and address != network[1] for address in addresses)


def test_its_nginx_is_the_documented_one() -> None:
    """But for where the servers are, and the names that it answers to."""
    page = DOCS / "howto/proxies.md"
    [documented] = [fence.text for fence in fences(page) if fence.language == "nginx"]
    for there, service in (("10.0.0.5", "one"), ("10.0.0.6", "two")):
        documented = documented.replace(there, address_of(service))
    ours, count = re.subn(r"# A page .*?\n}\n\n|    server_name .*?;\n", "", NGINX, flags=re.DOTALL)
    assert count == 2
    assert ours.partition("\n\n")[2] == documented
