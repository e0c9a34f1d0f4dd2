# SPDX-License-Identifier: MIT
"""Signatures, held against the library that applications verify them with."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from wsecho.webhooks.signing import MAX_SECRETS, read_webhook_secrets, sign_webhook

OLD, NEW = b"o" * 24, b"n" * 64


def line(secret: bytes) -> bytes:
    """Return a secret as it stands in a file."""
    return b"whsec_" + base64.b64encode(secret)


def library(secret: bytes) -> Webhook:
    """What an application verifies with."""
    return Webhook(line(secret).decode())


def file_of(count: int) -> bytes:
    """A file of many secrets."""
    return b"\n".join(line(number.to_bytes(24)) for number in range(count))


@given(body=st.text(), secret=st.binary(min_size=24, max_size=64))
def test_what_is_signed_is_verified_by_the_library(body: str, secret: bytes) -> None:
    """Whatever is in it."""
    octets = body.encode("utf-8", "replace")
    headers = sign_webhook([secret], "an-id", int(time.time()), octets)
    library(secret).verify(octets, headers, json_parse=False)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_each_secret_signs(secret: bytes) -> None:
    """So that whoever has the old one or the new one takes it while they are changed."""
    headers = sign_webhook([OLD, NEW], "an-id", int(time.time()), b"{}")
    library(secret).verify(b"{}", headers)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body", "secret"])
def test_nothing_of_it_can_be_changed(changed: str) -> None:
    """The id, the time and the body are signed, with this secret."""
    now = int(time.time())
    headers = sign_webhook([OLD], "an-id", now, b"{}")
    if changed in headers:
        headers[changed] = str(now - 1)
    with pytest.raises(WebhookVerificationError):
        library(NEW if changed == "secret" else OLD).verify(
            b"[]" if changed == "body" else b"{}", headers
        )


def test_without_a_secret_nothing_is_signed() -> None:
    """There are no empty headers."""
    assert sign_webhook([], "an-id", 1, b"{}") == {}


@pytest.mark.parametrize(
    "text",
    [
        line(OLD) + b"\n" + line(NEW),
        line(OLD) + b"\r\n" + line(NEW) + b"\r\n",
        b"# until May\n" + line(OLD) + b"\n\n  " + line(NEW) + b" \n",
        line(OLD) + b"\n" + line(NEW).rstrip(b"=") + b"\n" + line(OLD),
    ],
)
def test_secrets_are_read_line_by_line(text: bytes) -> None:
    """Each once, in their order, with or without padding, among comments and empty lines."""
    assert read_webhook_secrets(text) == (OLD, NEW)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "line 1: there is no secret"),
        (b"\n# none\n", "there is no secret"),
        (line(OLD) + b"\nsecret", "line 2: a secret begins with whsec_"),
        (b"\n\nwhsk_" + base64.b64encode(b"x" * 32), "line 3: a secret begins with whsec_"),
        (b"whsec_" + b"*" * 40, "line 1: behind whsec_ stands no base64"),
        (b"whsec_" + b"A" * 33, "line 1: behind whsec_ stands no base64"),
        (b"whsec_" + b"A" * 30 + b" " + b"A" * 9, "line 1: behind whsec_ stands no base64"),
        (b"whsec_", "line 1: the secret has 0 bytes, and needs 24"),
        (line(b"x" * 23), "line 1: the secret has 23 bytes, and needs 24"),
        (b"\xff\xfe\x00", "line 1: a secret begins with whsec_"),
        (file_of(MAX_SECRETS + 1), "it has 17 secrets, and 16 may sign at once"),
    ],
    ids=range(11),
)
def test_a_bad_file_is_told_by_its_line(text: bytes, complaint: str) -> None:
    """And the complaint shows nothing of what stands there."""
    with pytest.raises(ValueError, match=r"^[a-z]") as told:
        read_webhook_secrets(text)
    assert complaint in str(told.value)


@given(st.binary())
def test_whatever_a_file_has_it_is_read_or_complained_of(data: bytes) -> None:
    """By nothing else than ValueError, in one line."""
    found: tuple[bytes, ...] = ()
    complaint = ""
    try:
        found = read_webhook_secrets(data)
    except ValueError as error:
        complaint = str(error)
    assert complaint.isprintable()
    assert bool(found) is not bool(complaint)
    assert all(len(secret) >= 24 for secret in found)
