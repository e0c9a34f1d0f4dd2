# SPDX-License-Identifier: MIT
"""A shop whose customers see at once what becomes of their orders: Django and wsecho.

wsecho key key.json
wsecho --token-key key.json.pub --origin http://127.0.0.1:8000
python shop.py runserver --noreload
"""

import json
import os
import sys
import time
from pathlib import Path

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST
from joserfc import jwt
from joserfc.jwk import OKPKey

from wsecho.client import publish

SERVER = os.environ.get("WSECHO", "http://127.0.0.1:8080")
PAGE = Path(__file__).with_name("shop.html")
KEY = OKPKey.import_key(json.loads(Path("key.json").read_text()))

# A project of your own has these in its settings.
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY", "only to try it"),
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)


@require_GET
@ensure_csrf_cookie
def page(request: HttpRequest) -> FileResponse:
    """Show a customer's orders."""
    return FileResponse(PAGE.open("rb"))


@require_POST
def login(request: HttpRequest) -> HttpResponse:
    """Believe whoever says a number; your own login asks for more."""
    request.session["customer"] = int(request.POST["customer"])
    return HttpResponse("welcome")


@require_GET
def room(request: HttpRequest) -> HttpResponse:
    """Tell the page where to listen, and give it a token that lets it do nothing else."""
    customer = request.session.get("customer")
    if customer is None:
        return JsonResponse({}, status=401)
    name = f"customer-{customer}"
    return JsonResponse({"server": SERVER, "room": name, "token": token(name, join=[name])})


@require_POST
def ship(request: HttpRequest, customer: int, order: int) -> HttpResponse:
    """Ship an order, and tell the customer, once, however often this is asked for."""
    position = publish(
        f"{SERVER}/broadcast/customer-{customer}",
        json.dumps({"order": order, "state": "shipped"}),
        token=token("shop", publish=["customer-*"]),
        key=f"shipped-{order}",
        timeout=5,
    )
    return JsonResponse({"position": str(position)})


def token(sub: str, **rooms: list[str]) -> str:
    """Make a token that counts for ten minutes."""
    claims = {"sub": sub, "exp": int(time.time()) + 600, "rooms": rooms}
    return jwt.encode({"alg": "EdDSA"}, claims, KEY, algorithms=["EdDSA"])


urlpatterns = [
    path("", page),
    path("login", login),
    path("room", room),
    path("ship/<int:customer>/<int:order>", ship),
]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
