# SPDX-License-Identifier: MIT
"""Certificates for the tests."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def write_certificate(
    folder: Path,
    serial: int,
    name: str = "both.pem",
    host: str = "localhost",
    days: tuple[float, float] = (-1, 1),
) -> Path:
    """Write a key and a certificate of its own for a host into one file.

    Args:
        folder: where to.
        serial: its number.
        name: the file's.
        host: what it is for.
        days: from when until when it counts, from now.
    """
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / name
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path


def unverified() -> ssl.SSLContext:
    """A client's context that takes any certificate: tests look at it themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def serial_of(der: bytes | None) -> int:
    """The serial number of a certificate."""
    assert der is not None
    return x509.load_der_x509_certificate(der).serial_number
