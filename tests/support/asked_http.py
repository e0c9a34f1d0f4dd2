# SPDX-License-Identifier: MIT
"""The applications of `asked`, asked over HTTP: in FastAPI, as people write it.

::

    uvicorn tests.support.asked_http:app

"""

import asyncio
import base64
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from tests.support import asked
from wsecho.hooks import Drop, Forbidden, Message, Unavailable, Visit

app = FastAPI()


@app.post("/")
async def answer(request: Request) -> Response:
    """Answer as the others do; a fault of its own is a status of 500."""
    question = await request.json()
    try:
        said = await _answer(question)
    except Forbidden as no:
        return JSONResponse({"allow": False, "reason": no.reason, "code": no.code})
    except Drop:
        return JSONResponse({"allow": True, "drop": True})
    except Unavailable:
        return JSONResponse({"error": "the database is away"}, status_code=503)
    return JSONResponse({"allow": True, **said})


async def _answer(question: dict[str, Any]) -> dict[str, Any]:
    visit = _visit(question["visit"])
    if question["question"] == "connect":
        await asyncio.sleep(asked.patience(visit.headers.get(asked.HEADER, "")))
        return {"claims": asked.connecting(visit)}
    room = question["room"]
    if question["question"] == "join":
        await asyncio.sleep(asked.patience(room))
        asked.joining(visit, room)
        return {}
    message = _message(question)
    await asyncio.sleep(asked.patience(message.data))
    said = asked.publishing(visit, room, message)
    if isinstance(said, bytes):
        return {"base64": base64.b64encode(said).decode()}
    return {"data": said}


def _visit(visit: dict[str, Any]) -> Visit:
    return Visit(**visit)


def _message(question: dict[str, Any]) -> Message:
    if "base64" in question:
        return Message(base64.b64decode(question["base64"]))
    return Message(question["data"])
