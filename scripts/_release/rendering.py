# SPDX-License-Identifier: MIT
"""Renders the description in an sdist as PyPI does; run in the tools' environment.

It prints each address that the page has, a line each, an image's behind `img`.
"""

import sys
import tarfile
from email import message_from_bytes
from html.parser import HTMLParser

from readme_renderer import markdown


class _Addresses(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"src", "srcset", "href"}:
                print(tag, value)


def _description(sdist: str) -> str:
    with tarfile.open(sdist) as archive:
        [name] = [name for name in archive.getnames() if name.count("/") == 1 and "PKG" in name]
        content = archive.extractfile(name)
        if content is None:
            sys.exit(f"{name} is no file")
        text = message_from_bytes(content.read()).get_payload(decode=True)
        return bytes(text).decode()


if __name__ == "__main__":
    page = markdown.render(_description(sys.argv[1]), stream=sys.stderr)
    if page is None:
        sys.exit("README.md cannot be rendered")
    _Addresses().feed(page)
