# SPDX-License-Identifier: MIT
"""What is told of the time of certificates."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from OpenSSL.crypto import X509
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import provider

from tests.support.certificates import write_certificate
from wsecho.tls.validity import doubt_of, end_of


def certificate(folder: Path, begins: float, ends: float, host: str = "localhost") -> X509:
    """A certificate that counts between two days, from now."""
    pem = write_certificate(folder, 1, "one.pem", host, (begins, ends)).read_bytes()
    return X509.from_cryptography(x509.load_pem_x509_certificate(pem))


@pytest.fixture
def told() -> Iterator[list[str]]:
    """All that is logged."""
    heard: list[str] = []

    @provider(ILogObserver)
    def hear(event: LogEvent) -> None:
        heard.append(formatEvent(event))

    globalLogPublisher.addObserver(hear)
    yield heard
    globalLogPublisher.removeObserver(hear)


@pytest.mark.parametrize(
    ("begins", "ends", "doubt"),
    [
        (-90, -0.01, "ended on "),
        (-1000, -900, "ended on "),
        (0.01, 90, "counts from "),
        (-82, 8, "ends on "),
        (-0.95, 0.05, "ends on "),
        (-80, 10, None),
        (-1, 1, None),
        (-0.01, 3650, None),
    ],
)
def test_what_is_doubtful(begins: float, ends: float, doubt: str | None, tmp_path: Path) -> None:
    """A certificate that is over, is not yet, or has less than a tenth of its time left."""
    found = doubt_of(certificate(tmp_path, begins, ends).to_cryptography(), datetime.now(UTC))
    assert (found or "")[: len(doubt or " ")] == (doubt or "")


@pytest.mark.parametrize("host", ["localhost", "*.example.org"])
def test_it_is_named(host: str, tmp_path: Path, told: list[str]) -> None:
    """By what it is for; of one that is good nothing is said."""
    end_of([certificate(tmp_path, -1, 1, host=host)])
    assert told == []
    end_of([certificate(tmp_path, -2, -1, host=host)])
    [line] = told
    assert line.startswith(f"the certificate of {host} ended on 20")


def test_one_without_names_is_named(told: list[str]) -> None:
    """By its number."""
    key = generate_private_key(SECP256R1())
    day = timedelta(days=1)
    nobody = x509.Name([])
    signed = (
        x509.CertificateBuilder(nobody, nobody, key.public_key(), 0xABC)
        .not_valid_before(datetime.now(UTC) - 2 * day)
        .not_valid_after(datetime.now(UTC) - day)
        .sign(key, SHA256())
    )
    end_of([X509.from_cryptography(signed)])
    assert told[0].startswith("the certificate of the serial number abc ended on 20")


def test_the_first_end_counts(tmp_path: Path) -> None:
    """Of all that are shown."""
    left = end_of([certificate(tmp_path, -1, days) for days in (30, 20, 40)])
    left -= datetime.now(UTC).timestamp()
    assert 19 * 86_400 < left <= 20 * 86_400
