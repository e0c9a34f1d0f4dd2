# SPDX-License-Identifier: MIT
"""A page for each case, and its JSON: what was sent, what came, what is right, and why."""

import json
from html import escape
from pathlib import Path
from string import Template

from .answer import Answer
from .case import Case, Place
from .judging import Judged

_MOST_SHOWN = 2_000
_TEMPLATE = Path(__file__).with_name("page.html")


def write(folder: Path, case: Case, place: Place, answer: Answer, judged: Judged) -> Path:
    """Write both into a folder; gives the page."""
    told = _told(case, place, answer, judged)
    stem = f"handshake_case_{case.id.replace('.', '_')}"
    (folder / f"{stem}.json").write_text(json.dumps(told, indent=2) + "\n")
    page = folder / f"{stem}.html"
    escaped = {name: escape(str(value)) for name, value in told.items()}
    page.write_text(Template(_TEMPLATE.read_text()).substitute(escaped), encoding="utf-8")
    return page


def _told(case: Case, place: Place, answer: Answer, judged: Judged) -> dict[str, str]:
    return {
        "case": case.id,
        "description": case.title,
        "rfc": case.rfc,
        "level": case.level,
        "sense": case.says,
        "expectation": case.right.words,
        "behavior": judged.behavior,
        "behaviorClose": judged.closing,
        "result": judged.did,
        "sent": visible(case.request.octets(place)),
        "received": visible(answer.octets),
        "end": "the server ended the connection" if answer.ended else "the connection stayed open",
    }


def visible(octets: bytes) -> str:
    """Write octets so that each can be told, a line of HTTP in each line."""
    shown = octets[:_MOST_SHOWN].decode("latin-1").encode("unicode_escape").decode()
    left = len(octets) - _MOST_SHOWN
    more = f"\n… and {left:,} octets more" if left > 0 else ""
    return shown.replace(r"\n", "\\n\n") + more
