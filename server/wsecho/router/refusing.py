# SPDX-License-Identifier: MIT
"""Refusing a request for what its sender did before, whatever the request is about."""

from wsecho.router import requests
from wsecho.router.errors import WampError
from wsecho.router.requests import Refused, Request


def refusal(request: Request, error: WampError) -> Request:
    """Turn a request that has an answer, or changes something, into its refusal.

    Answers (YIELD, ERROR), the opening and the end of a session, and CANCEL stay what they are:
    somebody else waits for the former, and nothing is gained by holding up the others.
    """
    reason = error.reason or ""
    if isinstance(request, requests.Publish):
        return Refused(
            request.TYPE, request.request, error.uri, reason, silent=not request.acknowledge
        )
    if isinstance(request, requests.Call):
        return Refused(request.TYPE, request.request, error.uri, reason, progress=request.progress)
    if isinstance(
        request,
        requests.Subscribe | requests.Unsubscribe | requests.Register | requests.Unregister,
    ):
        return Refused(request.TYPE, request.request, error.uri, reason)
    return request
