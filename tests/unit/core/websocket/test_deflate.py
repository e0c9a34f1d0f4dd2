# SPDX-License-Identifier: MIT
"""Which permessage-deflate offers are accepted, and what then holds."""

import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.headers import parse_extension

from wsecho.core.websocket.deflate import WINDOW_BITS, Offer, Packing, choose

WINDOWS = st.none() | st.integers(9, 15)
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
        "permessage-deflate; server_max_window_bits=ten",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
    ],
)
def test_an_offer_of_something_else_is_declined(text: str) -> None:
    """Section 7.1 has the server decline it, not fail the handshake."""
    assert Offer.parse(text) is None
    assert choose([text]) is None
    assert choose([text, "permessage-deflate"]) == Offer()


def test_a_window_that_zlib_has_not_is_declined() -> None:
    """A fallback behind it is taken (section 7 lets a client offer several)."""
    assert choose(["permessage-deflate; server_max_window_bits=8"]) is None
    assert choose(["permessage-deflate; server_max_window_bits=8", "permessage-deflate"]) == Offer()


@given(OFFERS, st.booleans())
def test_what_is_agreed_is_within_the_offer(offer: Offer, keeps_window: bool) -> None:
    """RFC 7692 section 7.1: no parameter is looser than what the client asked for."""
    agreed = offer.agree(keeps_window=keeps_window)
    assert agreed.server_no_context_takeover or not offer.server_no_context_takeover
    assert agreed.server_no_context_takeover or keeps_window
    assert agreed.client_no_context_takeover == offer.client_no_context_takeover
    assert agreed.server_window <= min(offer.server_max_window_bits or 15, WINDOW_BITS)
    if offer.client_max_window_bits is None:
        assert agreed.client_window is None
    else:
        assert agreed.client_window == min(offer.client_max_window_bits, WINDOW_BITS)


@given(OFFERS, st.booleans())
def test_a_client_of_others_takes_the_answer(offer: Offer, keeps_window: bool) -> None:
    """`websockets` checks every parameter against what it has offered."""
    theirs = ClientPerMessageDeflateFactory(
        server_no_context_takeover=offer.server_no_context_takeover,
        client_no_context_takeover=offer.client_no_context_takeover,
        server_max_window_bits=offer.server_max_window_bits,
        client_max_window_bits=offer.client_max_window_bits,
    )
    agreed = offer.agree(keeps_window=keeps_window)
    [(name, parameters)] = parse_extension(str(agreed))
    assert name == theirs.name
    taken = theirs.process_response_params(parameters, [])
    assert taken.remote_max_window_bits == agreed.server_window
    assert taken.remote_no_context_takeover == agreed.server_no_context_takeover
    assert taken.local_max_window_bits == (agreed.client_window or 15)


@given(st.binary(max_size=400), st.sampled_from([None, 9, 12]), st.booleans())
@example(b"x" * 127, 12, False)
@example(b"x" * 128, 12, False)
def test_a_frame_for_many_needs_no_other_to_be_read(
    payload: bytes, window: int | None, is_binary: bool
) -> None:
    """Each alone inflates to the message; short ones are not compressed."""
    frame = Packing(window).frame(payload, is_binary=is_binary)
    is_compressed = bool(frame[0] & 0x40)
    assert is_compressed == (window is not None and len(payload) >= 128)
    assert frame[0] & 0x8F == (0x82 if is_binary else 0x81)
    body = frame[2:] if frame[1] < 126 else frame[4:]
    if is_compressed:
        body = zlib.decompressobj(-(window or 15)).decompress(body + b"\0\0\xff\xff")
    assert body == payload


def test_packings_are_told_apart_by_their_names() -> None:
    """Members of different kinds must not get each other's frames."""
    assert len({Packing(window).name for window in (None, 9, 10, 11, 12)}) == 5


@given(st.text())
def test_any_text_is_an_offer_or_none(text: str) -> None:
    """The parser never raises."""
    Offer.parse(f"permessage-deflate{text}")
    Offer.parse(text)
    assert choose([text]) is None or text.strip().lower().startswith("permessage-deflate")
