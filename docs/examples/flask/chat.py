# SPDX-License-Identifier: MIT
"""A chat: Flask says who one is and what may be said, wsecho carries it.

wsecho key key.json
wsecho --token-key key.json.pub --origin http://127.0.0.1:8000
flask --app chat run --port 8000
"""

import json
import os
import time
from pathlib import Path

from flask import Flask, Response, abort, request, send_file, session
from joserfc import jwt
from joserfc.jwk import OKPKey

from wsecho.client import publish

SERVER = os.environ.get("WSECHO", "http://127.0.0.1:8080")
HERE = Path(__file__).parent
KEY = OKPKey.import_key(json.loads(Path("key.json").read_text()))

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY", "only to try it")
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"


@app.get("/")
def page() -> Response:
    """Show the chat."""
    return send_file(HERE / "chat.html")


@app.post("/login")
def login() -> str:
    """Believe whoever says a name; your own login asks for more."""
    session["name"] = request.form["name"]
    return "welcome"


@app.get("/room")
def room() -> dict[str, str]:
    """Tell the page where to listen, and give it a token that lets it do nothing else."""
    return {"server": SERVER, "room": "chat", "token": token(who(), join=["chat"])}


@app.post("/say")
def say() -> dict[str, str]:
    """Look at what is said, then say it in the room."""
    text = request.form["text"]
    if "darn" in text:
        abort(400, "please!")
    url = f"{SERVER}/broadcast/chat"
    position = publish(url, f"{who()}: {text}", token=token("chat", publish=["chat"]), timeout=5)
    return {"position": str(position)}


def who() -> str:
    """Return who asks."""
    if "name" not in session:
        abort(401)
    return str(session["name"])


@app.errorhandler(401)
def nobody(_: Exception) -> tuple[dict[str, str], int]:
    """Tell the page that nobody has logged in."""
    return {}, 401


def token(sub: str, **rooms: list[str]) -> str:
    """Make a token that counts for ten minutes."""
    claims = {"sub": sub, "name": sub, "exp": int(time.time()) + 600, "rooms": rooms}
    return jwt.encode({"alg": "EdDSA"}, claims, KEY, algorithms=["EdDSA"])
