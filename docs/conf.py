# SPDX-License-Identifier: MIT
"""How Sphinx builds this documentation: `scripts/docs` runs it, with warnings as errors."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

from wsecho import __version__  # noqa: E402  # the path stands first

project = "wsecho"
author = "The wsecho maintainers"
project_copyright = author
version = release = __version__
language = "en"

extensions = ["myst_parser", "generating", "labelling"]
exclude_patterns = ["_ext", "_static"]
source_suffix = {".md": "markdown"}
nitpicky = True
# Code is quoted all over; "--redis" must not become a dash.
smartquotes = False
highlight_language = "text"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = "wsecho"
html_static_path = ["_static"]
html_css_files = ["wsecho.css"]
html_favicon = "_static/icon.svg"
html_copy_source = False
html_show_sourcelink = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
