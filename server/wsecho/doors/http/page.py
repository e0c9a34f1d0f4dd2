# SPDX-License-Identifier: MIT
"""The page in `web/` and the library beside it, through Twisted's static resources."""

import os
import re
from typing import Any, Final, Self
from urllib.parse import quote

from twisted.python.filepath import FilePath
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from twisted.web.static import File, getTypeAndEncoding

from wsecho.core.promise import settle
from wsecho.core.wire.errors import MethodNotAllowed, NotFound, WireError
from wsecho.doors.http.files import FileAnswer, open_file
from wsecho.doors.http.fingerprints import Fingerprints
from wsecho.doors.http.request import answer_error

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    # Not every browser counts ws: of the same host as 'self'.
    "connect-src 'self' ws: wss:; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

LIBRARY: Final = ("wsecho.js", "wsecho.global.js")
"""The library for JavaScript, as a module and as a script: for the pages of every origin."""

# A bundler's name for a file that never changes: something-<hash>.<ending>.
_HASHED: Final = re.compile(r".+[-.][0-9A-Za-z_-]{8,}\.[0-9a-z]+(?:\.map)?")
_A_YEAR: Final = b"public, max-age=31536000, immutable"


class Missing(Resource):
    """Answers 404 at every address."""

    isLeaf = True

    def render(self, request: Request) -> bytes:
        """Say that nothing is here."""
        return answer_error(request, NotFound("there is nothing at this address"))


class PageFile(File):
    """A file or folder of the page, with the headers that a browser should see.

    Finding a file is Twisted's; whether it is sent, and what of it, is RFC 9110's.

    Args:
        path: the file or folder.
        fingerprints: what is known of all files' contents.
    """

    indexNames = ["index.html"]
    contentTypes = _TYPES
    childNotFound: Any = Missing()

    def __init__(self, path: str, fingerprints: Fingerprints | None = None) -> None:
        super().__init__(path, defaultType="application/octet-stream")
        self._fingerprints = Fingerprints() if fingerprints is None else fingerprints

    def directoryListing(self) -> Any:
        """List no folder."""
        return self.childNotFound

    def createSimilarFile(self, path: str) -> Self:
        """Make the resource of a file in this folder."""
        return type(self)(path, self._fingerprints)

    def getChild(self, path: bytes, request: Request) -> Any:
        """Find a file.

        Names that begin with a dot are nobody's business. A NUL names no file, and neither does
        a slash within a segment, which would be a way around that. Any other octets may.
        """
        if (path.startswith(b".") and path != b".well-known") or b"\0" in path or b"/" in path:
            return self.childNotFound
        return super().getChild(os.fsdecode(path), request)

    def render(self, request: Request) -> object:
        """Answer GET and HEAD; what else there is to say is an error."""
        try:
            if request.method not in {b"GET", b"HEAD"}:
                allowed = ("Allow", "GET, HEAD")
                raise MethodNotAllowed("a file can only be read", allowed)
            return self.render_GET(request)
        except WireError as error:
            return answer_error(request, error)

    def render_GET(self, request: Any) -> object:
        """Send the file, or what of it is wanted; lead to a folder's own address.

        Raises:
            WireError: there is no file here that could be read.
        """
        self.restat(False)
        if self.isdir():
            return self._lead_into(request)
        if not self.isfile():
            return self.childNotFound.render(request)
        content_type, encoding = getTypeAndEncoding(
            self.basename(), self.contentTypes, self.contentEncodings, self.defaultType
        )
        file = open_file(self.path)
        answer = FileAnswer(request, file, content_type, self._headers(encoding))
        try:
            fingerprint = self._fingerprints.of(self.path, file.fileno())
        except BaseException:
            file.close()
            raise
        settle(fingerprint, answer.give, answer.fail)
        return NOT_DONE_YET

    render_HEAD = render_GET

    def _lead_into(self, request: Any) -> bytes:
        """Send the client to a folder's address with its slash, by a reference relative to this.

        It begins with `./`, so that nothing in the name makes it lead to another host.

        Raises:
            NotFound: there is nothing in the folder to be led to.
        """
        segment: bytes = request.prepath[-1] if request.prepath else b""
        if not segment or not self.child(self.indexNames[0]).isfile():
            raise NotFound("there is nothing at this address")
        _, mark, query = request.uri.partition(b"?")
        folder = f"./{quote(segment, safe='')}/".encode()
        request.setResponseCode(302)
        request.setHeader(b"location", folder + mark + query)
        request.setHeader(b"cache-control", b"no-cache")
        return b""

    def _headers(self, encoding: str | None) -> dict[bytes, bytes]:
        headers = {
            b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
            b"x-content-type-options": b"nosniff",
            b"referrer-policy": b"no-referrer",
            b"cache-control": self._caching(),
        }
        if self.basename() in LIBRARY:
            headers[b"access-control-allow-origin"] = b"*"
        return headers if encoding is None else {**headers, b"content-encoding": encoding.encode()}

    def _caching(self) -> bytes:
        in_assets = FilePath(self.path).parent().basename() == "assets"
        return _A_YEAR if in_assets and _HASHED.fullmatch(self.basename()) else b"no-cache"
