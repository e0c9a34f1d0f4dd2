# SPDX-License-Identifier: MIT
"""`scripts/release`: what it takes as a release, without building one."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from _release.building import settle
from _release.checking import broken_addresses
from _release.command import parse
from _release.sources import Sources
from _shared.errors import CannotRunError

from wsecho._build import described


def sources(folder: Path, init: str, changelog: str) -> Sources:
    """A commit with these two files."""
    (folder / "server/wsecho").mkdir(parents=True)
    (folder / "server/wsecho/__init__.py").write_text(init)
    (folder / "CHANGELOG.md").write_text(changelog)
    return Sources(folder, "abc1234", 1_700_000_000)


@pytest.mark.parametrize(
    ("changelog", "section"),
    [
        ("# Changelog\n\n## Unreleased\n\n## 0.1.0\n", "Unreleased"),
        ("## Unreleased\n\n- 1.2.0 is near\n", "Unreleased"),
        ("## Unreleased\n\n## 1.2.0 (2026-11-30)\n", "1.2.0"),
        ("## 1.2.0\n", "1.2.0"),
    ],
)
def test_the_changelog_has_the_version_or_what_is_unreleased(
    tmp_path: Path, changelog: str, section: str
) -> None:
    """Its own section goes before."""
    found = sources(tmp_path, '"""Doc."""\n\n__version__ = "1.2.0"\n', changelog)
    assert found.version == "1.2.0"
    assert found.section == section


@pytest.mark.parametrize("changelog", ["", "# 1.2.0\n", "## 1x2.0\n", "## 1.2.01\n", "### 1.2.0\n"])
def test_a_version_that_the_changelog_has_not_is_not_released(
    tmp_path: Path, changelog: str
) -> None:
    """Nor one that is like it."""
    found = sources(tmp_path, '__version__ = "1.2.0"\n', changelog)
    with pytest.raises(CannotRunError, match=r"neither a section 1\.2\.0 nor Unreleased"):
        found.section  # noqa: B018


def test_a_package_without_a_version_is_not_released(tmp_path: Path) -> None:
    """It says where one should be."""
    with pytest.raises(CannotRunError, match="no line `__version__ ="):
        sources(tmp_path, "", "").version  # noqa: B018


@pytest.mark.parametrize(
    ("readme", "shown"),
    [
        ("see [Start](docs/start/index.md).", "see Start."),
        ("[a](b.md) and [c](d/e.md#f), [g](#h)", "a and c, g"),
        ("[MIT](LICENSE)\n", "MIT\n"),
        ("[Twisted](https://twisted.org)", "[Twisted](https://twisted.org)"),
        ("[write](mailto:me@example.org)", "[write](mailto:me@example.org)"),
        ("| [Start](docs/a.md) | [Why](docs/b.md) |", "| Start | Why |"),
        ("![a picture](docs/a.svg)", "![a picture](docs/a.svg)"),
        ("`a[0](x)` is [here](x)", "`a[0](x)` is here"),
        ("[`Room`](room.md) is", "`Room` is"),
        ("```js\na[0](x)\n`[b](c)`\n```\n[d](e)", "```js\na[0](x)\n`[b](c)`\n```\nd"),
    ],
)
def test_an_index_shows_links_that_lead_somewhere(readme: str, shown: str) -> None:
    """Files beside README are not there; an image is left, for the check to find."""
    assert described(readme) == shown


@pytest.mark.parametrize(
    ("line", "is_broken"),
    [
        ("a https://twisted.org", False),
        ("a http://127.0.0.1:8080/", False),
        ("a #an-echo", False),
        ("a docs/start/index.md", True),
        ("a /docs", True),
        ("img https://example.org/ladder.svg", False),
        ("img http://example.org/ladder.svg", True),
        ("img docs/_static/ladder.svg", True),
        ("img //example.org/ladder.svg", True),
        ("img data:image/png;base64,AAAA", True),
        ("img ", True),
    ],
)
def test_an_address_on_pypi_is_absolute(line: str, is_broken: bool) -> None:
    """An image's is shown by HTTPS alone."""
    assert broken_addresses([line]) == ([line.partition(" ")[2]] if is_broken else [])


def sdist(path: Path, *, when: int, user: int, mode: int, backwards: bool) -> bytes:
    """The same two files as somebody packs them; what `settle` makes of it."""
    with tarfile.open(path, "w:gz") as archive:
        for name in sorted(("p-1/a", "p-1/b"), reverse=backwards):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.uid, entry.uname, entry.mode = 3, when, user, "x", mode
            archive.addfile(entry, io.BytesIO(b"abc"))
    settle(path, 1_700_000_000)
    return path.read_bytes()


def test_an_sdist_is_the_same_whoever_packs_it(tmp_path: Path) -> None:
    """Whenever, and in whatever order; what is in it is kept."""
    path = tmp_path / "p-1.tar.gz"
    one = sdist(path, when=1, user=0, mode=0o600, backwards=False)
    assert one == sdist(path, when=2, user=1000, mode=0o664, backwards=True)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(one))) as archive:
        found = {entry.name: (entry.mtime, entry.mode) for entry in archive}
        content = archive.extractfile("p-1/b")
        assert content is not None
        assert content.read() == b"abc"
    assert found == dict.fromkeys(("p-1/a", "p-1/b"), (1_700_000_000, 0o644))


def test_the_options() -> None:
    """All of it into dist, unless something else is asked for."""
    assert parse([]).into.name == "dist"
    assert not parse([]).quick
    chosen = parse(["--quick", "--into", "/tmp/here"])
    assert chosen.quick
    assert chosen.into == Path("/tmp/here")
    with pytest.raises(SystemExit) as ended:
        parse(["--upload"])
    assert ended.value.code == 2
