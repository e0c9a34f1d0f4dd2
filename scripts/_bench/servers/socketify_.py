# SPDX-License-Identifier: MIT
"""`socketify`, uWebSockets in C++ behind Python; rooms by its publish and subscribe."""

from typing import Any

from socketify import App, AppListenOptions, AppOptions, CompressOptions, OpCode

from .options import HOST, LARGEST, ROOM, Options, read

_TOPIC = "room"
_WIDEST, _LEAST = 15, 9
# It is told how much memory a side takes: a sliding window by its size, a compressor by window and
# state together. Both double with a bit.
_COMPRESSORS = {bits: f"DEDICATED_COMPRESSOR_{2 ** (bits - 7)}KB" for bits in range(_LEAST, 16)}
_DECOMPRESSORS = {9: "DEDICATED_DECOMPRESSOR_512B"} | {
    bits: f"DEDICATED_DECOMPRESSOR_{2 ** (bits - 10)}KB" for bits in range(10, 16)
}


def _compression(options: Options) -> int:
    if not options.deflate:
        return int(CompressOptions.DISABLED)
    if options.server_bits is None:
        return int(CompressOptions.SHARED_COMPRESSOR | CompressOptions.SHARED_DECOMPRESSOR)
    ours = max(options.server_bits, _LEAST)
    theirs = max(options.client_bits or _WIDEST, _LEAST)
    return int(CompressOptions[_COMPRESSORS[ours]] | CompressOptions[_DECOMPRESSORS[theirs]])


def _serve(options: Options) -> None:
    secured = AppOptions(key_file_name=options.key, cert_file_name=options.certificate)
    app = App(secured if options.certificate else None)
    always = {
        "max_payload_length": LARGEST,
        # None: what waits beyond its default is dropped.
        "max_backpressure": 0,
        "idle_timeout": 0,
        "compression": _compression(options),
    }

    def echo(socket: Any, message: str | bytes, opcode: OpCode) -> None:
        socket.send(message, opcode, options.deflate)

    def join(socket: Any) -> None:
        socket.subscribe(_TOPIC)

    def say(_socket: Any, message: str | bytes, opcode: OpCode) -> None:
        app.publish(_TOPIC, message, opcode, options.deflate)

    app.ws(f"{ROOM}/*", always | {"open": join, "message": say})
    app.ws("/*", always | {"message": echo})
    app.listen(AppListenOptions(port=options.port, host=HOST))
    app.run()


if __name__ == "__main__":
    _serve(read())
