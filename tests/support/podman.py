# SPDX-License-Identifier: MIT
"""Containers of the tests' own: Debian's podman, apart from what else the machine has of it."""

import os
import resource
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen

PATIENCE: Final = 1200.0
"""Seconds; an image is built from nothing."""

_NEEDS: Final = {"podman": "podman", "debootstrap": "debootstrap", "netavark": "netavark"}
_NOT_SLIM: Final = (
    *("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man"),
    *("usr/share/locale", "usr/share/info"),
)
_WRAPPER: Final = """\
#!/bin/sh
exec {program} --root {folder}/storage --runroot {folder}/run "$@"
"""
_SETTINGS: Final = """\
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]

[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "{runtime}"
"""


@frozen
class Podman:
    """A podman whose images, containers and networks are in a folder.

    Attributes:
        folder: where all is.
    """

    folder: Path

    @classmethod
    @contextmanager
    def fresh(cls) -> Iterator["Podman"]:
        """One that has nothing yet; in the end, all that it has is gone."""
        _skip_without_it()
        # Not in pytest's own: the names of sockets have to be short.
        folder = Path(tempfile.mkdtemp(prefix="wsecho-"))
        podman = cls(folder)
        (folder / "bin").mkdir()
        wrapper = folder / "bin/podman"
        wrapper.write_text(_WRAPPER.format(program=shutil.which("podman"), folder=folder))
        wrapper.chmod(0o755)
        # crun, which Debian prefers, knows no machine that has both forms of control groups.
        runtime = "runc" if shutil.which("runc") else "crun"
        settings = _SETTINGS.format(folder=folder, runtime=runtime, files=most_files())
        (folder / "containers.conf").write_text(settings)
        try:
            yield podman
        finally:
            podman("rm", "--all", "--force", "--time", "0", may_fail=True)
            podman("system", "reset", "--force", may_fail=True)
            shutil.rmtree(folder)

    def __call__(self, *words: str, given: str | None = None, may_fail: bool = False) -> str:
        """Run a command of podman's; return what it prints."""
        return self.shell(("podman", *words), given=given, may_fail=may_fail)

    def shell(
        self,
        command: "str | tuple[str, ...]",
        cwd: Path | None = None,
        given: str | None = None,
        *,
        may_fail: bool = False,
    ) -> str:
        """Run any command, for which `podman` is this one; return what it prints."""
        words = ("bash", "-ceu", command) if isinstance(command, str) else command
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            words,
            cwd=cwd or self.folder,
            input=given or "",
            env={
                **os.environ,
                "PATH": path,
                "CONTAINERS_CONF": str(self.folder / "containers.conf"),
                # Without systemd there is nobody who would ask for a container's health.
                "DISABLE_HC_SYSTEMD": "true",
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert may_fail or done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
        return (done.stdout + (done.stderr if may_fail else "")).strip()

    def bootstrap(self, image: str, suite: str) -> None:
        """Make an image of Debian's packages alone, as small as Debian's own slim ones."""
        folder = self.folder / "debian"
        self.shell(("debootstrap", "--variant=minbase", suite, str(folder)))
        for name in _NOT_SLIM:
            shutil.rmtree(folder / name)
            (folder / name).mkdir()
        self.shell(f"tar -C {folder} -c . | podman import - {image}")
        shutil.rmtree(folder)


def trust_of_this_machine(folder: Path) -> str:
    """Return the options by which a build takes the authorities that this machine trusts.

    They are those of the page on containers.
    """
    authorities = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    (folder / "pip.conf").write_text("[global]\ncert = /run/authorities.pem\n")
    (folder / "npmrc").write_text("cafile=/run/authorities.pem\n")
    return str(authorities)


def most_files() -> int:
    """Return how many descriptors a process may have here: not every root may raise that."""
    return min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65_536)


def _skip_without_it() -> None:
    for program, package in _NEEDS.items():
        known = (shutil.which(program), shutil.which(program, path="/usr/lib/podman:/usr/sbin"))
        if not any(known):
            pytest.skip(f"{program} is missing: apt install {package}")
    if sys.platform != "linux" or os.getuid():
        pytest.skip("containers on a base that debootstrap makes need root")
