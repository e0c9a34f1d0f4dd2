# SPDX-License-Identifier: MIT
"""Whose pages may reach rooms and WAMP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.http.origins import Origins, is_own
from wsecho.core.wire.errors import Forbidden


def passes(origin: str | None, host: str, fetch_site: str | None) -> bool:
    """Whether a request is let in where no other origin is named."""
    try:
        Origins().check(origin, host, fetch_site)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("http://localhost:8080", "localhost:8080", True),
        ("http://example.org", "example.org", True),
        ("http://example.org", "example.org:80", True),
        ("https://example.org", "example.org", True),
        ("https://example.org", "example.org:443", True),
        ("https://EXAMPLE.org", "example.ORG", True),
        ("http://[::1]:8080", "[::1]:8080", True),
        ("http://example.org", "example.org:8080", False),
        ("http://example.org:8080", "example.org", False),
        ("http://evil.org", "example.org", False),
        ("null", "example.org", False),
        ("file://", "example.org", False),
        ("http://example.org", None, False),
        ("http://[", "example.org", False),
        ("http://example.org:99999", "example.org", False),
    ],
)
def test_own_is_the_same_host_and_port(origin: str, host: str | None, own: bool) -> None:
    """With the scheme's own port where none is named."""
    assert is_own(origin, host) is own


def test_no_origin_is_no_browser() -> None:
    """Nothing to protect it from."""
    assert passes(None, "example.org", None)
    assert not passes("https://page.org", "example.org", None)


def test_the_browsers_own_word_counts() -> None:
    """A proxy may have changed Host; no page can set Sec-Fetch-Site."""
    assert passes("https://page.org", "upstream", "same-origin")
    for word in (None, "same-site", "cross-site", "none"):
        assert not passes("https://page.org", "upstream", word)


def test_a_pattern_covers_the_whole_origin() -> None:
    """No more than it says."""
    origins = Origins(("https://*.example.org",))
    origins.check("https://a.example.org", "x", None)
    for foreign in ("http://a.example.org", "https://example.org", "https://a.example.org.evil"):
        with pytest.raises(Forbidden, match="--origin"):
            origins.check(foreign, "x", "cross-site")


@pytest.mark.parametrize("pattern", ["*", "????", "n*", "null"])
def test_null_is_foreign(pattern: str) -> None:
    """Whatever is allowed: any sandboxed frame says so. Where the browser vouches, it passes."""
    origins = Origins((pattern,))
    origins.check("null", "x", "same-origin")
    for word in (None, "same-site", "cross-site", "none"):
        with pytest.raises(Forbidden, match="the origin null is anybody's"):
            origins.check("null", "x", word)


@given(st.text(), st.none() | st.text())
def test_any_origin_is_own_or_not(origin: str, host: str | None) -> None:
    """No header ends in a traceback."""
    assert is_own(origin, host) in {True, False}
