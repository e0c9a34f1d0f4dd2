# SPDX-License-Identifier: MIT
"""The page in `web/`, through Twisted's static resources."""

import re
from typing import Any, Final, Self

from twisted.python.filepath import FilePath
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import Request
from twisted.web.static import File

from wsecho.core.errors import NotFound
from wsecho.doors.site import answer_error

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
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
    """A file or folder of the page, with the headers that a browser should see."""

    indexNames = ["index.html"]
    contentTypes = _TYPES
    childNotFound: Any = Missing()

    def __init__(self, path: str) -> None:
        super().__init__(path, defaultType="application/octet-stream")

    def directoryListing(self) -> Any:
        """List no folder."""
        return self.childNotFound

    def createSimilarFile(self, path: str) -> Self:
        """Make the resource of a file in this folder."""
        return type(self)(path)

    def getChild(self, path: bytes, request: Request) -> Any:
        """Find a file; names that begin with a dot are nobody's business, a NUL names none."""
        if (path.startswith(b".") and path != b".well-known") or b"\0" in path:
            return self.childNotFound
        return super().getChild(path, request)

    def render_GET(self, request: Request) -> object:
        """Send the file, or 304 where the browser has it already."""
        self.restat(False)
        if not self.isfile():
            return self.childNotFound.render(request)
        for name, value in (
            (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", self._caching()),
        ):
            request.setHeader(name, value)
        if request.setETag(self._etag()) is http.CACHED:
            return b""
        return super().render_GET(request)

    render_HEAD = render_GET

    def _caching(self) -> bytes:
        in_assets = FilePath(self.path).parent().basename() == "assets"
        return _A_YEAR if in_assets and _HASHED.fullmatch(self.basename()) else b"no-cache"

    def _etag(self) -> bytes:
        return f'"{int(self.getModificationTime() * 1000):x}-{self.getsize():x}"'.encode()
