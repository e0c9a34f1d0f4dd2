# SPDX-License-Identifier: MIT
"""What `scripts/release` builds of a commit: each file is what its name says, and whole."""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import wsecho
from tests.integration.packaging.building import ROOT, Released, run
from tests.node import node_program

INSIDE = (
    *("wsecho/py.typed", "wsecho/web/index.html", "twisted/plugins/wsecho_plugin.py"),
    *("wsecho/web/wsecho.js", "wsecho/web/wsecho.global.js"),
    "wsecho/lane/_octets.pyi",
    "wsecho/bus/redis/client/lua/publish.lua",
    "wsecho/bus/redis/client/lua/shared/stand.lua",
)
SOURCE = "wsecho/lane/_octets.c"
COMPILED = "wsecho/lane/_octets.abi3.so"
USE = """
import { connect, version, WsechoError, type Message, type Room } from "wsecho";

export async function say(room: Room, text: string): Promise<string> {
  room.on("message", ({ data, from, time }: Message) => console.log(time, from?.name, data.length));
  for await (const { position } of room) if (position === room.position) break;
  const { position } = await room.publish(text, { signal: AbortSignal.timeout(1_000) });
  return position;
}

try {
  connect("nowhere", { token: async () => "token", transports: ["sse"] });
} catch (error) {
  if (error instanceof WsechoError) console.log(error.code, version);
}
"""


def wheel_content(wheel: Path) -> dict[str, bytes]:
    """What is in a wheel, by name; its own folder is named INFO."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            re.sub(r"^wsecho-[^/]*\.dist-info", "INFO", name): archive.read(name)
            for name in archive.namelist()
        }


def test_the_table_says_what_was_built(released: Released) -> None:
    """Sizes, digests and names; the last line is what uploads all of it, and nothing else does."""
    *said, npm, twine = released.said.splitlines()
    built = sorted([released.sdist, released.pure, released.compiled])
    assert sorted(released.folder.iterdir()) == sorted([*built, released.package])
    for path in (*built, released.package):
        content = path.read_bytes()
        row = f"{len(content):,}  {hashlib.sha256(content).hexdigest()}  {path.name}"
        assert any(line.strip() == row for line in said), path.name
        assert f"-{wsecho.__version__}" in path.name
    for line, verb, uploaded in ((npm, "publish", [released.package]), (twine, "upload", built)):
        program, command, *paths = line.split()
        assert Path(program).is_file()
        assert command == verb
        assert sorted(map(Path, paths)) == uploaded


def test_what_npm_gets_is_the_library(released: Released, tmp_path: Path) -> None:
    """As the server serves it, of the same version, and with types that a strict compiler takes."""
    with tarfile.open(released.package) as archive:
        archive.extractall(tmp_path / "node_modules", filter="data")
    folder = (tmp_path / "node_modules/package").rename(tmp_path / "node_modules/wsecho")
    described = json.loads((folder / "package.json").read_text())
    assert (described["name"], described["version"]) == ("wsecho", wsecho.__version__)
    inside = wheel_content(released.pure)
    for name in ("wsecho.js", "wsecho.global.js"):
        assert (folder / name).read_bytes() == inside[f"wsecho/web/{name}"]
    (tmp_path / "use.mts").write_text(USE)
    options = ("--noEmit", "--strict", "--exactOptionalPropertyTypes", "--module", "nodenext")
    compiler = ROOT / "web/node_modules/typescript/bin/tsc"
    run(node_program(), compiler, *options, "--lib", "es2024,dom", "use.mts", cwd=tmp_path)
    said = run(node_program(), "use.mts", cwd=tmp_path)
    assert said.strip() == f"bad_request {wsecho.__version__}"


def test_the_sdist_is_whole(released: Released) -> None:
    """The page is in it, so that nobody needs Node, and the source of what can be compiled."""
    with tarfile.open(released.sdist) as archive:
        names = archive.getnames()
        owners = {(entry.uid, entry.gid, entry.uname, entry.mtime) for entry in archive}
    for name in (*INSIDE, SOURCE):
        assert any(entry.endswith(f"/server/{name}") for entry in names), name
    assert len(owners) == 1


@pytest.mark.parametrize("kind", ["pure", "compiled"])
def test_a_wheel_is_what_its_name_says(released: Released, kind: str) -> None:
    """The two differ in the compiled file alone."""
    wheel: Path = getattr(released, kind)
    inside = wheel_content(wheel)
    assert set(INSIDE) <= set(inside)
    assert (COMPILED in inside) is (kind == "compiled")
    assert SOURCE not in inside
    roots = {name.partition("/")[0] for name in inside}
    assert roots == {"INFO", "twisted", "wsecho"}
    tags = set(re.findall(rb"(?m)^Tag: (.+)$", inside["INFO/WHEEL"]))
    python, abi, platforms = wheel.stem.split("-")[2:]
    assert tags == {f"{python}-{abi}-{one}".encode() for one in platforms.split(".")}
    assert (b"Root-Is-Purelib: true" in inside["INFO/WHEEL"]) is (kind == "pure")
    assert b"wsecho = wsecho.command.main:main" in inside["INFO/entry_points.txt"]
    metadata = message_from_bytes(inside["INFO/METADATA"])
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Version"] == wsecho.__version__


def test_what_is_not_committed_is_not_released(clone: Path, tmp_path: Path) -> None:
    """One line says what that is."""
    run("git", "clone", "--quiet", clone, "changed", cwd=tmp_path)
    changed = tmp_path / "changed"
    (changed / "LICENSE").write_text("None.\n")
    (changed / "notes.txt").write_text("mine\n")
    done = subprocess.run(
        [sys.executable, changed / "scripts/release"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line == (
        "scripts/release: a release is of what is committed, and this is not: LICENSE and 1 more"
    )
