# SPDX-License-Identifier: MIT
"""One POST, by the standard library: sent in a thread of its own, never redirected."""

import http.client
import urllib.request
from collections.abc import Mapping
from concurrent.futures import Future
from functools import cache
from io import BytesIO
from ssl import SSLContext, create_default_context
from typing import Any, Final, Literal

from attrs import field, frozen

from wsecho.client.aside import aside

SILENCE: Final = 15.0
"""Seconds without progress after which an attempt is given up; a server answers within 10."""

_MAX_ANSWER: Final = 65_536


@frozen
class HttpAnswer:
    """What was answered.

    Attributes:
        status: of HTTP.
        headers: by their names, in any case.
        body: its first 64 KiB.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@frozen
class HttpPost:
    """A request that can be sent again and again.

    Attributes:
        url: where it goes.
        body: what it carries.
        headers: what describes it.
        context: says whom to trust, None for what the system trusts.
        proxy: True for those of the environment, as urllib takes them, None for none, or the URL
            of one.
    """

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    context: SSLContext | None = None
    proxy: str | Literal[True] | None = True

    def begin(self, seconds: float) -> "Future[HttpAnswer]":
        """Send it from a thread of its own, so that whoever waits can stop at any time.

        Args:
            seconds: for how long there may be no progress, `SILENCE` at most.

        Returns:
            what has the answer, or OSError or HTTPException where there is none.
        """
        return aside(lambda: self._send(min(seconds, SILENCE)), "wsecho-post")

    def _send(self, seconds: float) -> HttpAnswer:
        request = urllib.request.Request(  # noqa: S310  # the URL's scheme was checked
            self.url, BytesIO(self.body), dict(self.headers), method="POST"
        )
        opener = urllib.request.build_opener(
            *(_AnyStatus, _Handler, _SecureHandler(context=self.context or _default_context())),
            urllib.request.ProxyHandler(self._proxies()),
        )
        with opener.open(request, timeout=seconds) as response:
            body = response.read(_MAX_ANSWER)
            if len(body) < _MAX_ANSWER and response.length:
                raise http.client.IncompleteRead(body, response.length)
            return HttpAnswer(response.status, response.headers, body)

    def _proxies(self) -> dict[str, str] | None:
        # None stands for the environment's.
        if self.proxy is True:
            return None
        return {} if self.proxy is None else {"http": self.proxy, "https": self.proxy}


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Takes each answer as it is: a redirection would make a GET of the POST."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


class _Connection(http.client.HTTPConnection):
    """Reads an answer that came before the body was sent: where that is too large, for one."""

    is_open = False

    def connect(self) -> None:
        super().connect()
        self.is_open = True

    def send(self, data: Any) -> None:
        try:
            super().send(data)
        except TimeoutError:
            raise
        except OSError:
            if not self.is_open:
                raise


class _SecureConnection(_Connection, http.client.HTTPSConnection):
    pass


class _Handler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, req)


class _SecureHandler(urllib.request.HTTPSHandler):
    def __init__(self, context: SSLContext) -> None:
        super().__init__(context=context)
        self._trusted = context

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_SecureConnection, req, context=self._trusted)


@cache
def _default_context() -> SSLContext:
    # Reading what the system trusts takes tens of milliseconds.
    return create_default_context()
