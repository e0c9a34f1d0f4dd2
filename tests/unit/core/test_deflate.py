# SPDX-License-Identifier: MIT
"""Which permessage-deflate offers are accepted."""

import pytest
from autobahn.twisted.websocket import WebSocketServerProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.deflate import Offer, choose

WINDOWS = st.none() | st.integers(8, 15)
OFFERS = st.builds(Offer, st.booleans(), st.booleans(), WINDOWS, WINDOWS)


@pytest.mark.parametrize(
    ("text", "offer"),
    [
        ("permessage-deflate", Offer()),
        ("Permessage-Deflate; client_max_window_bits", Offer(client_max_window_bits=15)),
        ("permessage-deflate;client_max_window_bits=9", Offer(client_max_window_bits=9)),
        ('permessage-deflate; server_max_window_bits="10"', Offer(server_max_window_bits=10)),
        (
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            Offer(server_no_context_takeover=True, client_no_context_takeover=True),
        ),
    ],
)
def test_every_parameter_of_rfc_7692_is_read(text: str, offer: Offer) -> None:
    """Sections 7.1.1 and 7.1.2."""
    assert Offer.parse(text) == offer


@pytest.mark.parametrize(
    "text",
    [
        "x-webkit-deflate-frame",
        "permessage-deflate; unknown",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=08",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
    ],
)
def test_a_malformed_offer_is_declined(text: str) -> None:
    """Section 7.1 has the server decline it, not fail the handshake."""
    assert Offer.parse(text) is None
    assert choose([text]) is None
    assert choose([text, "permessage-deflate"]) == Offer()


def test_a_window_that_zlib_has_not_is_declined() -> None:
    """A fallback behind it is taken (section 7 lets a client offer several)."""
    assert choose(["permessage-deflate; server_max_window_bits=8"]) is None
    assert choose(["permessage-deflate; server_max_window_bits=8", "permessage-deflate"]) == Offer()


@given(OFFERS)
def test_autobahn_reads_every_offer_that_is_chosen(offer: Offer) -> None:
    """What is passed on to Autobahn never makes it refuse the handshake."""
    chosen = choose([str(offer)])
    if chosen is None:
        return
    [(_, params)] = WebSocketServerProtocol()._parseExtensionsHeader(str(chosen))
    theirs = PerMessageDeflateOffer.parse(params)
    assert theirs.request_no_context_takeover == offer.server_no_context_takeover
    assert theirs.request_max_window_bits == (offer.server_max_window_bits or 0)


@given(st.text())
def test_any_text_is_an_offer_or_none(text: str) -> None:
    """The parser never raises."""
    Offer.parse(f"permessage-deflate{text}")
    Offer.parse(text)
    assert choose([text]) is None or text.strip().lower().startswith("permessage-deflate")
