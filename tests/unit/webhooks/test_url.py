# SPDX-License-Identifier: MIT
"""Where the application is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.webhooks.url import WebhookUrl


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("http://127.0.0.1:8000/ask", WebhookUrl("http", "127.0.0.1", 8000, "/ask")),
        ("https://Example.org", WebhookUrl("https", "example.org", 443)),
        ("HTTP://example.org:80/", WebhookUrl("http", "example.org", 80)),
        ("http://[::1]:9/a%20b?c=d", WebhookUrl("http", "::1", 9, "/a%20b", "c=d")),
        ("http://xn--bcher-kva.example./", WebhookUrl("http", "xn--bcher-kva.example.", 80)),
    ],
    ids=range(5),
)
def test_urls_are_read(text: str, read: WebhookUrl) -> None:
    """With the port that the scheme has, where none is given."""
    assert WebhookUrl.parse(text) == read
    assert WebhookUrl.parse(read.whole) == read


def test_people_see_it_without_its_query() -> None:
    """Which may be a secret."""
    url = WebhookUrl.parse("https://example.org:8443/ask?token=hidden")
    assert str(url) == "https://example.org:8443/ask"
    assert url.whole == "https://example.org:8443/ask?token=hidden"
    assert "hidden" not in repr(url)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no URL"),
        ("http://exa mple.org/", "no URL"),
        ("http://example.org/\n", "no URL"),
        ("http://bücher.example/", "xn--"),
        ("example.org:8000/ask", "neither http:// nor https://"),
        ("/run/app.sock", "neither http:// nor https://"),
        ("ws://example.org/", "neither http:// nor https://"),
        ("ftp://example.org/", "neither http:// nor https://"),
        ("http:example.org", "names no host"),
        ("http:///ask", "names no host"),
        ("http://:8000/", "names no host"),
        ("http://a..b/", "names no host"),
        ("http://-a/", "names no host"),
        ("http://my_app:8000/", "names no host"),
        ("http://a%2Fb/", "names no host"),
        (f"http://{'a' * 64}/", "names no host"),
        ("http://[fe80::1%25eth0]/", "names no host"),
        ("http://[v1.x]/", "names no host"),
        ("http://[::1/", "malformed"),
        ("http://example.org:eighty/", "malformed"),
        ("http://example.org:65536/", "malformed"),
        ("http://example.org:0/", "port is 0"),
        ("http://me:secret@example.org/", "user's name"),
        ("http://me@example.org/", "user's name"),
        ("http://@example.org/", "user's name"),
        ("http://example.org/#top", "fragment"),
    ],
    ids=range(26),
)
def test_what_cannot_be_posted_to_is_no_url(text: str, complaint: str) -> None:
    """And the complaint does not repeat it."""
    with pytest.raises(ValueError, match=complaint) as told:
        WebhookUrl.parse(text)
    assert "secret" not in str(told.value)


@given(st.text() | st.text(alphabet="htps:/@#?[]%.0a-").map("http://".__add__))
def test_whatever_is_given_it_is_read_or_complained_of(text: str) -> None:
    """By nothing else than ValueError, in one line."""
    url: WebhookUrl | None = None
    complaint = ""
    try:
        url = WebhookUrl.parse(text)
    except ValueError as error:
        complaint = str(error)
    assert complaint.isprintable()
    assert (url is None) is bool(complaint)
    assert url is None or WebhookUrl.parse(url.whole) == url
