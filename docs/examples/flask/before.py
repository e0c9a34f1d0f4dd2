# SPDX-License-Identifier: MIT
"""The same chat by Flask-SocketIO: what was there before it moved."""

import os

from flask import Flask, Response, abort, request, send_file, session
from flask_socketio import ConnectionRefusedError as NotWelcome
from flask_socketio import SocketIO, join_room

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY", "only to try it")
# A queue of messages lets several processes reach each other's clients.
socketio = SocketIO(app, message_queue="redis://127.0.0.1:6379/0")


@app.get("/")
def page() -> Response:
    """Show the chat."""
    return send_file("before.html")


@app.post("/login")
def login() -> str:
    """Believe whoever says a name; your own login asks for more."""
    session["name"] = request.form["name"]
    return "welcome"


@socketio.on("connect")
def connect() -> None:
    """Let in who has a name."""
    if "name" not in session:
        raise NotWelcome("unauthorized")
    join_room("chat")


@app.post("/say")
def say() -> str:
    """Look at what is said, then say it to whoever is connected right now."""
    text = request.form["text"]
    if "darn" in text:
        abort(400, "please!")
    socketio.emit("message", f"{session['name']}: {text}", to="chat")
    return "said"
