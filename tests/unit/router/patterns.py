# SPDX-License-Identifier: MIT
"""Patterns and topics that meet, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from wsecho.router.wire.uris import MATCHES, Match

# Few letters and short, so that patterns and topics do meet.
part = st.sampled_from(["a", "b", "ab"])
topics = st.lists(part, min_size=1, max_size=4).map(".".join)
loose = st.lists(st.sampled_from(["", "a", "b", "ab"]), min_size=1, max_size=4).map(".".join)


@st.composite
def patterns(draw: st.DrawFn) -> tuple[str, Match]:
    """A pattern that may be subscribed to."""
    match = draw(st.sampled_from(MATCHES))
    uri = draw(loose if match == "wildcard" else topics)
    if match == "prefix":
        uri = uri[: draw(st.integers(0, len(uri)))]
    return uri, match
