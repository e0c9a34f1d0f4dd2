# SPDX-License-Identifier: MIT
"""Until when certificates count, told where they are read: clients refuse one that is over."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from cryptography.x509 import (
    Certificate,
    DNSName,
    ExtensionNotFound,
    IPAddress,
    SubjectAlternativeName,
)
from OpenSSL.crypto import X509
from twisted.logger import Logger

_SHARE_LEFT: Final = 0.1
"""Of its whole time, when a certificate is to be renewed: nine days of ninety."""

_log: Final = Logger()


def end_of(certificates: Iterable[X509]) -> float:
    """Tell when the first of some certificates ends, and log which of them are no good now.

    Args:
        certificates: at least one; what a server shows, those between it and its authority too.

    Returns:
        Unix seconds.
    """
    found = [one.to_cryptography() for one in certificates]
    now = datetime.now(UTC)
    for certificate in found:
        doubt = doubt_of(certificate, now)
        if doubt is not None:
            _log.warn("the certificate of {what} {why}", what=_names(certificate), why=doubt)
    return min(one.not_valid_after_utc for one in found).timestamp()


def doubt_of(certificate: Certificate, now: datetime) -> str | None:
    """Say what is wrong with the time of a certificate; None for nothing."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > ends:
        return f"ended on {_date(ends)}, and clients refuse it: renew it, and send SIGHUP"
    if now < begins:
        return f"counts from {_date(begins)} only, and clients refuse it: is this clock right?"
    if (ends - now) < (ends - begins) * _SHARE_LEFT:
        return f"ends on {_date(ends)}: renew it, and send SIGHUP"
    return None


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _names(certificate: Certificate) -> str:
    """Name a certificate: by what it is for, or by whose it is."""
    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
        found = names.get_values_for_type(DNSName)
        found += map(str, names.get_values_for_type(IPAddress))
    except (ExtensionNotFound, ValueError):
        # Without one, or with one that only OpenSSL can read.
        found = []
    return ", ".join(found) or f"the serial number {certificate.serial_number:x}"
