# SPDX-License-Identifier: MIT
"""The pages of the documentation, and what stands in their fences."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import field, frozen

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"

_FENCE: Final = re.compile(r"(`{3,})\s*(\{?[\w-]*\}?)")
_MARK: Final = re.compile(r"<!-- (.+) -->")
_CODE: Final = re.compile(r"`([^`]+)`")
ANYTHING: Final = "…"
"""In what a page shows as output it stands for anything, over several lines too."""


@frozen
class Fence:
    """A block of code in a page.

    Attributes:
        page: where it stands.
        line: its first line, counted from 1.
        language: the word behind the opening fence; a directive's is in braces.
        text: what stands in it.
        mark: what the comment right above it says of it, empty for none.
        output: what the page says that it prints, None where it does not say.
    """

    page: Path
    line: int
    language: str
    text: str = field(repr=False)
    mark: str = ""
    output: str | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """The page and the line, for whoever looks for it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def expected(self) -> re.Pattern[str]:
        """What it prints, as the page says: anything where it does not."""
        parts = (self.output or ANYTHING).strip().split(ANYTHING)
        return re.compile(r"(?:.*)".join(map(re.escape, parts)), re.DOTALL)


def pages() -> list[Path]:
    """Every page that people read."""
    return [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *sorted(DOCS.rglob("*.md")),
    ]


def fences(page: Path) -> list[Fence]:
    """The blocks of a page, each with its output; blocks of output do not stand for themselves."""
    found: list[Fence] = []
    for fence in _each(page):
        if fence.mark == "output":
            assert found, f"{fence.place}: nothing stands before this output"
            before = found.pop()
            assert before.output is None, f"{fence.place}: it has two outputs"
            found.append(
                Fence(
                    before.page, before.line, before.language, before.text, before.mark, fence.text
                )
            )
        else:
            found.append(fence)
    return found


def _each(page: Path) -> Iterator[Fence]:
    lines = iter(enumerate(page.read_text().splitlines(), 1))
    mark = ""
    for number, line in lines:
        if opening := _FENCE.match(line):
            closing = opening[1]
            body = []
            for _, inner in lines:
                if inner.rstrip() == closing:
                    break
                body.append(inner)
            else:
                raise AssertionError(f"{page}:{number}: this fence does not end")
            yield Fence(page, number, opening[2], "\n".join(body) + "\n", mark)
            mark = ""
        else:
            said = _MARK.fullmatch(line)
            mark = said[1] if said else ""


def prose(page: Path) -> str:
    """A page without what stands in its fences."""
    kept, is_inside = [], False
    for line in page.read_text().splitlines():
        if line.startswith("```"):
            is_inside = not is_inside
        elif not is_inside:
            kept.append(line)
    return "\n".join(kept)


def quoted(text: str) -> list[str]:
    """Whatever stands in single backticks, with its line breaks made spaces."""
    return [" ".join(code.split()) for code in _CODE.findall(text)]


def commands(fence: Fence) -> list[str]:
    """The commands of a block for a shell: a backslash goes on, remarks are none."""
    whole = fence.text.replace("\\\n", " ")
    lines = (re.sub(r"(^|\s+)# .*", "", line).strip() for line in whole.splitlines())
    return [line for line in lines if line]
