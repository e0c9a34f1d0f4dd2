# SPDX-License-Identifier: MIT
"""`websocket-client`, which knows no extensions."""

import sys

from websocket import ABNF, create_connection

try:
    websocket = create_connection(sys.argv[1])
    while True:
        opcode, data = websocket.recv_data()
        if opcode == ABNF.OPCODE_CLOSE:
            print(f"closed: {data!r}")
            break
        websocket.send(data, opcode)
except Exception as error:  # noqa: BLE001  # whatever it raises is its word
    print(f"{type(error).__name__}: {error}")
