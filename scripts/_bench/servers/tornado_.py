# SPDX-License-Identifier: MIT
"""`tornado`, on its own loop, which is asyncio's."""

import asyncio
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from .options import HOST, LARGEST, MANY, Options, read

_members: set["_Member"] = set()


class _Echo(WebSocketHandler):  # type: ignore[misc]
    def check_origin(self, origin: str) -> bool:
        return True

    def get_compression_options(self) -> dict[str, Any] | None:
        return {} if self.settings["deflate"] else None

    def open(self, *args: str, **kwargs: str) -> None:
        # Its documentation's way to have small messages sent at once.
        self.set_nodelay(True)

    def on_message(self, message: str | bytes) -> None:
        self.write_message(message, binary=isinstance(message, bytes))


class _Member(_Echo):
    def open(self, *args: str, **kwargs: str) -> None:
        super().open(*args, **kwargs)
        _members.add(self)

    def on_close(self) -> None:
        _members.discard(self)

    def on_message(self, message: str | bytes) -> None:
        for member in _members:
            member.write_message(message, binary=isinstance(message, bytes))


async def _serve(options: Options) -> None:
    application = Application(
        [(r"/broadcast.*", _Member), (r"/.*", _Echo)],
        deflate=options.deflate,
        websocket_max_message_size=LARGEST,
        log_function=lambda _: None,
    )
    server = HTTPServer(application, ssl_options=options.tls())
    server.listen(options.port, HOST, backlog=MANY)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(read()))
