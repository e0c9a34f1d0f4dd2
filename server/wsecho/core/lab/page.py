# SPDX-License-Identifier: MIT
"""`GET /lab` for people: the list as a page of HTML, without a script."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from typing import Final

from wsecho.core.lab.rules import RULES, Rule
from wsecho.core.lab.step_kind import Phase, StepKind
from wsecho.core.lab.steps import STEPS

# The colours are those of the page in `web/`.
_STYLE: Final = """
:root {
  color-scheme: light dark;
  --paper: #f1f4f1; --sheet: #fcfdfc; --line: #d3dad5; --ink: #13201a; --signal: #0a6b4c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0d1210; --sheet: #131a17; --line: #29342f; --ink: #e6ede9; --signal: #5bd3a2;
  }
}
body {
  max-width: 75rem; margin: 0 auto; padding: 1rem;
  font: 100%/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
}
p { max-width: 45rem; }
a { color: var(--signal); }
code { font: 0.875em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.table { overflow-x: auto; background: var(--sheet); border: 1px solid var(--line); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.35rem 0.6rem; text-align: left; vertical-align: top; }
th[scope=row] { font-weight: 400; white-space: nowrap; }
tbody tr { border-top: 1px solid var(--line); }
"""
_DIGEST: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""What a browser may load for the page: the icon, beside what is in it."""

_HEAD: Final = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>wsecho: the lab</title>
<link rel="icon" href="./favicon.svg" type="image/svg+xml">
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>The lab</h1>
<p>A WebSocket at <code>/lab/STEP/STEP/…</code> does what its path says, in order, to test whoever
connects. What follows the last step is an echo. Values are percent-encoded: a slash is
<code>%2F</code>.</p>
<p>With <code>?report=ID</code>, 16 to 64 of <code>A-Z a-z 0-9 _ -</code>, everything that a client
does is noted, and told at <code>/lab/report/ID</code>. Programs have this list as JSON here.</p>
<p><a href="./">The page of this server</a></p>
"""
_FOOT: Final = "</main>\n</body>\n</html>\n"
_TITLES: Final = (
    (Phase.ANSWER, "In the answer to the handshake", "These steps come first."),
    (Phase.MODE, "Modes", "A mode holds from where it stands on, in the echo at the end, too."),
    (Phase.ACTION, "Actions", "They are done one after the other, each where it stands."),
)
_OF_STEP: Final = ("Step", "What it does", "What it takes", "RFC", "What a client should do")
_OF_RULE: Final = ("Step", "What is sent", "RFC", "What a client should do", "Close code", "Level")
_ABOUT_RULES: Final = (
    "A chain may break one. Must: the section tells the receiver to fail. Should: it binds the "
    "sender, and a careful receiver enforces it. Take: it is legal, and must work."
)


def write_page() -> str:
    """Write the page; it is the same at each server."""
    parts = [_HEAD]
    for phase, title, text in _TITLES:
        kinds = [kind for kind in STEPS.values() if kind.phase is phase]
        # Only what is in the answer is judged by itself.
        width = len(_OF_STEP) if any(kind.expected for kind in kinds) else len(_OF_STEP) - 1
        rows = (_step(kind)[:width] for kind in kinds)
        parts.append(_section(str(phase), title, text, _OF_STEP[:width], rows))
    rules = _section("rules", "Rules to break", _ABOUT_RULES, _OF_RULE, map(_rule, RULES.values()))
    return "".join([*parts, rules, _FOOT])


def _step(kind: StepKind) -> Sequence[str]:
    return kind.example, kind.does, kind.takes, kind.rfc, kind.asks


def _rule(rule: Rule) -> Sequence[str]:
    expected = rule.expected
    codes = " or ".join(map(str, expected.codes))
    return (
        f"break={rule.name}",
        rule.does,
        rule.rfc,
        str(expected.should),
        codes,
        str(expected.level),
    )


def _section(
    name: str, title: str, text: str, head: Sequence[str], rows: Iterable[Sequence[str]]
) -> str:
    """Write a table under its title; it scrolls by the keyboard, too, where it is too wide."""
    heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(map(_row, rows))
    return (
        f'<h2 id="{name}">{title}</h2>\n<p>{text}</p>\n'
        f'<div class="table" role="region" tabindex="0" aria-labelledby="{name}">\n'
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n"
    )


def _row(cells: Sequence[str]) -> str:
    first, *others = map(escape, cells)
    rest = "".join(f"<td>{cell}</td>" for cell in others)
    return f'<tr><th scope="row"><code>{first}</code></th>{rest}</tr>\n'
