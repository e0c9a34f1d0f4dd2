# SPDX-License-Identifier: MIT
"""The list at `/lab` for people: all there is, and nothing that could be executed."""

import re
from html.parser import HTMLParser

from wsecho.core.lab.page import CONTENT_SECURITY_POLICY, write_page
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.steps import STEPS

EMPTY = {"meta", "link"}


class Read(HTMLParser):
    """What stands in a page: its tables' rows, and that each element ends where it should."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.attributes: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take a text."""
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def read() -> Read:
    """The page, read as a browser does."""
    page = Read()
    page.feed(write_page())
    page.close()
    assert page.open == []
    return page


def test_every_step_and_rule_is_shown() -> None:
    """In the words of the list, each in a row of its own."""
    rows = {row[0]: row for row in read().rows}
    assert [kind.name for kind in STEPS.values() if kind.example not in rows] == []
    assert [name for name in RULES if f"break={name}" not in rows] == []
    assert rows["trickle=5ms"][1] == "answers octet by octet, so far apart"
    assert rows["accept=bad"][2:] == [
        "bad or none or twice",
        "6455 4.1, 4.2.2",
        "fail (must); twice: fail (should)",
    ]
    assert rows["hold=2s"][-1] == "alone: give up by itself (should); take (take)"
    assert rows["break=utf8"][2:] == ["6455 8.1", "fail", "1007", "must"]


def test_each_row_has_as_many_cells_as_its_head() -> None:
    """Whichever table it stands in."""
    width = 0
    for row in read().rows:
        if row[0] == "Step":
            width = len(row)
        assert len(row) == width, row


def test_nothing_in_it_is_executed() -> None:
    """No script, no style but the one that the policy names, nothing from elsewhere."""
    page = read()
    assert not [one for one in page.attributes if one[1] == "style" or one[1].startswith("on")]
    assert "<script" not in write_page()
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; img-src 'self'; base-uri 'none'; "
        r"form-action 'none'; frame-ancestors 'none'",
        CONTENT_SECURITY_POLICY,
    )
    links = [value for _, name, value in page.attributes if name in {"href", "src"}]
    assert all(link and link.startswith("./") for link in links)
