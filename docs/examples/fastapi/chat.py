# SPDX-License-Identifier: MIT
r"""A chat for teams: FastAPI says who one is, where one may be, what may be said, and is told.

echo "whsec_$(openssl rand -base64 32)" >secrets
uvicorn chat:app --port 8000
wsecho --ask http://127.0.0.1:8000/ask --ask-secret secrets --ask-header Cookie \
    --tell http://127.0.0.1:8000/told --tell-secret secrets
"""

import os
import secrets
from collections import Counter
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET = Path(os.environ.get("SECRETS", "secrets")).read_text().split()[0]
TEAMS = {"team-red": {"ann", "bob"}, "team-blue": {"cy"}}
COOKIE = "chat"

app = FastAPI()
logins: dict[str, str] = {}
visits: Counter[str] = Counter()
last_told = ""


@app.post("/login")
def login(name: str, response: Response) -> str:
    """Believe whoever says a name; your own login asks for more."""
    key = secrets.token_urlsafe()
    logins[key] = name
    response.set_cookie(COOKIE, key, httponly=True, samesite="lax")
    return "welcome"


async def signed(request: Request) -> Any:
    """Read what wsecho has signed, and nobody else."""
    try:
        return Webhook(SECRET).verify(await request.body(), dict(request.headers))
    except WebhookVerificationError as error:
        raise HTTPException(401, str(error)) from None


Signed = Annotated[dict[str, Any], Depends(signed)]


@app.post("/ask")
def ask(question: Signed, response: Response) -> dict[str, Any]:
    """Answer a question: may this one connect, see a room, say something there?"""
    name = who(question["visit"])
    if name is None:
        return {"allow": False, "reason": "log in first"}
    if question["question"] == "connect":
        everywhere = {"join": ["*"], "publish": ["*"]}
        return {"allow": True, "claims": {"sub": name, "name": name, "rooms": everywhere}}
    if name not in TEAMS.get(question["room"], ()):
        return {"allow": False, "reason": f"you are not of {question['room']}"}
    if question["question"] == "join":
        # For so long it is not asked again for this name and this room.
        response.headers["Cache-Control"] = "max-age=10"
        return {"allow": True}
    return publish(name, question)


def publish(name: str, question: dict[str, Any]) -> dict[str, Any]:
    """Say a text with the name before it, unless it is one that nobody is to read."""
    text = question.get("data")
    if text is None:
        return {"allow": False, "reason": "send text"}
    if "buy now" in text:
        return {"allow": True, "drop": True}
    return {"allow": True, "data": f"{name}: {text}"}


@app.post("/told", status_code=204)
async def told(batch: Signed) -> None:
    """Count who comes; what comes twice has an id that is not behind all those before."""
    global last_told  # noqa: PLW0603  # your own would be in a database, written with the count
    for event in batch["data"]:
        if event["id"] > last_told:
            last_told = event["id"]
            if event["event"] == "join":
                visits[event["room"]] += 1


@app.get("/visits")
def show_visits() -> dict[str, int]:
    """Show how often somebody came to each room."""
    return visits


def who(visit: dict[str, Any]) -> str | None:
    """Return who that is: as it was said of the connection, or as the cookie says."""
    if visit["sub"] is not None:
        return str(visit["sub"])
    try:
        cookie = SimpleCookie(visit["headers"].get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return logins.get(cookie.value) if cookie else None
