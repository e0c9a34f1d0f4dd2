# SPDX-License-Identifier: MIT
"""A file as an answer: whether it is sent, and what of it (RFC 9110 sections 13 and 14)."""

import errno
import os
from collections.abc import Mapping
from stat import S_ISREG
from time import time
from typing import Any, BinaryIO, Final

from attrs import frozen

from wsecho.core.http.conditions import Validators, Verdict
from wsecho.core.http.httpdates import write_http_date
from wsecho.core.http.ranges import Span, read_ranges
from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import (
    Forbidden,
    NotFound,
    NothingThere,
    OverLimit,
    PreconditionFailed,
    WireError,
)
from wsecho.doors.http.fingerprints import Fingerprint
from wsecho.doors.http.parts import Parts, Sending
from wsecho.doors.http.request import answer_error

_GONE: Final = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EISDIR, errno.ENXIO}
)
_FULL: Final = frozenset({errno.EMFILE, errno.ENFILE})


def open_file(path: str) -> BinaryIO:
    """Open a file to send it.

    Raises:
        Forbidden: this process may not read it.
        NotFound: it has gone meanwhile, or is none.
        OverLimit: no more files can be opened now.
        OSError: it is there, but cannot be read.
    """
    try:
        # Should it have become a pipe, this waits for nobody.
        file = open(path, "rb", buffering=0, opener=_open_at_once)  # noqa: SIM115
    except PermissionError:
        raise Forbidden("this file is not for you") from None
    except OSError as error:
        if error.errno in _FULL:
            raise OverLimit("too many files are open here") from None
        if error.errno not in _GONE:
            raise
        raise NotFound("there is nothing at this address") from None
    if not S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise NotFound("there is nothing at this address")
    return file


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


@frozen(eq=False)
class FileAnswer:
    """What a request for a file gets; whatever comes of it, the file is closed in the end.

    Args:
        request: Twisted's.
        file: the file, open.
        content_type: what it is.
        headers: what else the answer says of it.
    """

    _request: Any
    _file: BinaryIO
    _content_type: str
    _headers: Mapping[bytes, bytes]

    def give(self, fingerprint: Fingerprint) -> None:
        """Answer, now that it is known what the file is."""
        if self._request.channel is None:
            # The client has gone away.
            self._file.close()
            return
        status, now = os.fstat(self._file.fileno()), time()
        # Not later than `Date` (section 8.8.2.1).
        modified = max(0, min(int(status.st_mtime), int(now)))
        validators = Validators(fingerprint.tag, modified, fingerprint.is_dated_well)
        try:
            is_modified, spans = _judge(self._request.head, validators, status.st_size, now)
        except WireError as error:
            self._end(answer_error(self._request, error))
            return
        self._describe(validators)
        if is_modified:
            self._send(spans, status.st_size)
        else:
            self._request.setResponseCode(304)
            self._end()

    def fail(self, error: WireError) -> None:
        """Answer 500: it could not be found out what the file is."""
        if self._request.channel is None:
            self._file.close()
        else:
            self._end(answer_error(self._request, error))

    def _describe(self, validators: Validators) -> None:
        request = self._request
        for name, value in self._headers.items():
            request.setHeader(name, value)
        request.setHeader(b"last-modified", write_http_date(validators.modified).encode())
        request.setHeader(b"accept-ranges", b"bytes")
        if validators.tag is not None:
            request.setHeader(b"etag", validators.tag.encode())

    def _send(self, spans: tuple[Span, ...] | None, length: int) -> None:
        request, content_type = self._request, self._content_type
        parts = Parts.of(spans or (Span(0, length),), length, content_type)
        if spans is not None:
            request.setResponseCode(206)
        if parts.boundary:
            content_type = f"multipart/byteranges; boundary={parts.boundary}"
        elif spans is not None:
            request.setHeader(b"content-range", spans[0].content_range(length).encode())
        request.setHeader(b"content-type", content_type.encode())
        request.setHeader(b"content-length", b"%d" % len(parts))
        if request.method == b"HEAD":
            self._end()
        else:
            Sending(request, self._file, parts).start()

    def _end(self, body: bytes = b"") -> None:
        self._file.close()
        if body:
            self._request.setHeader(b"content-length", b"%d" % len(body))
            self._request.write(body)
        self._request.finish()


def _judge(
    head: RequestHead, validators: Validators, length: int, now: float
) -> tuple[bool, tuple[Span, ...] | None]:
    """Find out what a request gets of a file.

    Returns:
        whether the client has not got it already, and which parts it wants; None for the whole.

    Raises:
        PreconditionFailed: it is not the file that the client takes it for.
        NothingThere: none of what it wants is there.
    """
    verdict = validators.judge(head, now)
    if verdict is Verdict.FAILED:
        raise PreconditionFailed
    if verdict is Verdict.NOT_MODIFIED:
        return False, None
    asked = head.all("range")
    # Of other methods, HEAD too, it says nothing (section 14.2).
    if not asked or head.method != "GET" or not validators.allow_range(head, now):
        return True, None
    spans = read_ranges(", ".join(asked), length)
    if spans is not None and not spans:
        raise NothingThere(length)
    return True, spans
