# SPDX-License-Identifier: MIT
"""A Sphinx extension: mends, in what the theme writes, what keyboards and screen readers need.

What scrolls sideways can be reached by the keyboard, and the two sides of a page have names.
"""

from pathlib import Path
from typing import Any, Final

from sphinx.application import Sphinx

_MENDS: Final = (
    ("<pre><span>", '<pre tabindex="0"><span>'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'),
    ('<aside class="toc-drawer">', '<aside class="toc-drawer" aria-label="On this page">'),
    (
        '<aside class="toc-drawer no-toc">',
        '<aside class="toc-drawer no-toc" aria-label="On this page">',
    ),
)


def mend(html: str) -> str:
    """Mend a page; one that is mended already stays as it is."""
    for theirs, ours in _MENDS:
        html = html.replace(theirs, ours)
    return html


def _mend_all(app: Sphinx, failed: Exception | None) -> None:
    if failed is None and app.builder.format == "html":
        for path in Path(app.outdir).rglob("*.html"):
            text = path.read_text(encoding="utf-8")
            if (mended := mend(text)) != text:
                path.write_text(mended, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.connect("build-finished", _mend_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
