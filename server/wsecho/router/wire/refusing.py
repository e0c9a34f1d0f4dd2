# SPDX-License-Identifier: MIT
"""Refusing a request for what its sender did before, or for what nobody could be given of it."""

from wsecho.router.wire import errors, requests
from wsecho.router.wire.errors import ProtocolViolationError, UnfitError, WampError
from wsecho.router.wire.outgoing import OutgoingError
from wsecho.router.wire.requests import Refused, Request


def error_answer(request: Request, error: WampError) -> OutgoingError | None:
    """Write the ERROR that answers a request; None for one that waits for no answer."""
    identifier = getattr(request, "request", None)
    kind, silent = request.TYPE, False
    if isinstance(request, Refused):
        kind, silent = request.request_type, request.silent
    elif isinstance(request, requests.Publish):
        silent = not request.acknowledge
    if identifier is None or silent:
        return None
    return OutgoingError(kind, identifier, error.uri, error.payload, error.kwargs)


def refusal_message(request: Request, error: WampError) -> Request:
    """Turn a request that has an answer, or changes something, into its refusal_message.

    Answers (YIELD, ERROR), the opening and the end of a session, and CANCEL stay what they are:
    somebody else waits for the former, and nothing is gained by holding up the others.

    Raises:
        ProtocolViolationError: it opens a session, by what is unfit.
    """
    if isinstance(error, UnfitError):
        request = _without_payload(request, error)
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


def _without_payload(request: Request, error: UnfitError) -> Request:
    """Take out what nobody can be given, where somebody else waits for the message."""
    if isinstance(request, requests.Hello | requests.Authenticate):
        raise ProtocolViolationError(error.reason or "", error.uri)
    if isinstance(request, requests.Yield):
        return requests.Error(request.request, errors.INVALID_PAYLOAD, [error.reason], None)
    if isinstance(request, requests.Error):
        return requests.Error(request.request, request.error, None, None)
    return request
