# SPDX-License-Identifier: MIT
"""Autobahn on Twisted, which offers permessage-deflate when it is told what to offer."""

import sys
from typing import Any

from autobahn.twisted.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    connectWS,
)
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)
from twisted.internet import reactor


class _Echo(WebSocketClientProtocol):
    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: FBT001, N803
        self.sendMessage(payload, isBinary)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: FBT001, N803
        print(f"closed {code}: {reason}")
        loop: Any = reactor
        if loop.running:
            loop.stop()


def _accept(response: Any) -> Any:
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)
    return None


factory = WebSocketClientFactory(sys.argv[1])
factory.protocol = _Echo
factory.setProtocolOptions(
    perMessageCompressionOffers=[PerMessageDeflateOffer()], perMessageCompressionAccept=_accept
)
connectWS(factory)
running: Any = reactor
running.run()
