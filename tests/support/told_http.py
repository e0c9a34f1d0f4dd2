# SPDX-License-Identifier: MIT
"""The same over HTTP, in FastAPI: what is signed is checked by the library of Standard Webhooks."""

import os
from pathlib import Path

from fastapi import FastAPI, Request, Response
from standardwebhooks.webhooks import Webhook

from tests.support.told_apps import note

app = FastAPI()
webhook = Webhook(Path(os.environ["SECRETS"]).read_text().strip())


@app.post("/")
async def told(request: Request) -> Response:
    """Take a batch; what it cannot take is a status of 500."""
    batch = webhook.verify(await request.body(), dict(request.headers))
    note(batch["data"])
    return Response(status_code=204)
