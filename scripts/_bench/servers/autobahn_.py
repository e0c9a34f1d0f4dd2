# SPDX-License-Identifier: MIT
"""Stock `autobahn` on Twisted: a plain `WebSocketServerProtocol`, rooms by prepared messages."""

from functools import partial
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
from twisted.internet import reactor, ssl

from .options import HOST, MANY, ROOM, Options, read

_NARROWED = range(9, 15)
"""Window bits that it can be told; its default is 15."""
_members: set["_Peer"] = set()


class _Peer(WebSocketServerProtocol):
    def onConnect(self, request: Any) -> None:
        if request.path.startswith(ROOM):
            _members.add(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: FBT001, N803
        if self not in _members:
            self.sendMessage(payload, isBinary)
            return
        prepared = self.factory.prepareMessage(payload, isBinary)
        for member in _members:
            member.sendPreparedMessage(prepared)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: FBT001, N803
        _members.discard(self)


def _accept(offers: list[Any], options: Options) -> PerMessageDeflateOfferAccept | None:
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer):
            ours, theirs = options.server_bits, options.client_bits
            return PerMessageDeflateOfferAccept(
                offer,
                request_max_window_bits=theirs if theirs in _NARROWED else 0,
                window_bits=ours if ours in _NARROWED else None,
            )
    return None


def _serve(options: Options) -> None:
    factory = WebSocketServerFactory()
    factory.protocol = _Peer
    if options.deflate:
        factory.setProtocolOptions(perMessageCompressionAccept=partial(_accept, options=options))
    loop: Any = reactor
    if options.certificate is None:
        loop.listenTCP(options.port, factory, backlog=MANY, interface=HOST)
    else:
        context = ssl.DefaultOpenSSLContextFactory(options.key, options.certificate)
        loop.listenSSL(options.port, factory, context, backlog=MANY, interface=HOST)
    loop.run()


if __name__ == "__main__":
    _serve(read())
