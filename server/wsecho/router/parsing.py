# SPDX-License-Identifier: MIT
"""From an unserialized list to a request: strict where it matters, lenient where clients differ.

Autobahn's `Message.parse` ends the session over an unknown `match`, an empty URI component, a
float that is whole, or an option that is null. Here, by wire.md:

- what is no WAMP message (no list, unknown type, wrong arity, an id or a container of the wrong
  type) raises `ProtocolViolationError`: ABORT;
- a request whose URI or option is wrong becomes `Refused`: ERROR, and the session goes on;
- a whole float passes for an integer, and null or `undefined` for what was left out
  (wampy's binary serializers write both);
- options that are not known are ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wsecho.router import errors, requests
from wsecho.router.errors import ProtocolViolationError, WampError
from wsecho.router.ids import MAX_ID
from wsecho.router.options import (
    absent,
    as_integer,
    flag,
    publish_options,
    timeout_option,
    word,
)
from wsecho.router.uris import MATCHES, is_pattern, is_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.requests import Request

_ROLES: Final = ("publisher", "subscriber", "caller", "callee")
_INVOCATION: Final = 68

Raw = list[Any]
Options = dict[Any, Any]


def parse(raw: object) -> Request:
    """Read one message of a client.

    Args:
        raw: what a serializer made of the octets; anything at all.

    Raises:
        ProtocolViolationError: it is no message that a client may send.
    """
    if type(raw) is not list or not raw:
        raise ProtocolViolationError("a message must be a list that begins with its type")
    kind = as_integer(raw[0])
    entry = _READERS.get(kind) if kind is not None else None
    if entry is None:
        raise ProtocolViolationError("unknown message type, or none that a client sends")
    least, most, read = entry
    if not least <= len(raw) <= most:
        raise ProtocolViolationError(f"wrong number of elements in message of type {kind}")
    return read(raw)


def _container(value: object, what: str) -> Options:
    if absent(value):
        return {}
    if type(value) is not dict:
        raise ProtocolViolationError(f"{what} must be a dictionary")
    return value


def _identifier(value: object, what: str) -> int:
    number = as_integer(value)
    if number is None or not 1 <= number <= MAX_ID:
        raise ProtocolViolationError(f"{what} must be an integer from 1 to 2^53")
    return number


def _payload(raw: Raw, place: int) -> tuple[list[Any] | None, dict[str, Any] | None]:
    if len(raw) <= place:
        return None, None
    args = raw[place]
    if type(args) is not list:
        if not absent(args):
            raise ProtocolViolationError("positional payload must be a list")
        args = None
    if len(raw) == place + 1 or absent(raw[place + 1]):
        return args, None
    kwargs = raw[place + 1]
    if type(kwargs) is not dict or any(type(key) is not str for key in kwargs):
        raise ProtocolViolationError("keyword payload must be a dictionary with string keys")
    return args, kwargs


def _refused(
    raw: Raw, request: int, error: WampError, *, silent: bool = False, progress: bool = False
) -> requests.Refused:
    reason = error.reason or ""
    return requests.Refused(int(raw[0]), request, error.uri, reason, silent, progress)


def _uri(value: object, what: str) -> str:
    if type(value) is not str or not is_uri(value):
        raise WampError(errors.INVALID_URI, f"{what} is not a valid URI")
    return value


def _pattern(value: object, options: Options, what: str) -> tuple[str, Any]:
    match = word(options, "match", MATCHES)
    if type(value) is not str or not is_pattern(value, match):
        raise WampError(errors.INVALID_URI, f"{what} is not a valid URI to match by {match}")
    return value, match


def _hello(raw: Raw) -> requests.Hello:
    if not is_uri(raw[1]):
        raise ProtocolViolationError("the realm is not a valid URI", errors.INVALID_URI)
    details = _container(raw[2], "HELLO.Details")
    roles = _container(details.get("roles"), "HELLO.Details.roles")
    features = {role: _features(roles[role]) for role in _ROLES if role in roles}
    if not features:
        raise ProtocolViolationError("HELLO must announce at least one role")
    methods: Any = details.get("authmethods")
    if absent(methods):
        methods = []
    if type(methods) is not list or any(type(name) is not str for name in methods):
        raise ProtocolViolationError("HELLO.Details.authmethods must be a list of strings")
    authid = details.get("authid")
    authid = None if absent(authid) else authid
    if authid is not None and type(authid) is not str:
        raise ProtocolViolationError("HELLO.Details.authid must be a string")
    extra = details.get("authextra")
    extra = None if absent(extra) else _container(extra, "HELLO.Details.authextra")
    return requests.Hello(raw[1], features, authid, tuple(methods), extra)


def _features(role: object) -> frozenset[str]:
    features = _container(_container(role, "a role").get("features"), "a role's features")
    return frozenset(name for name, on in features.items() if on is True and type(name) is str)


def _reason(value: object) -> str:
    # A peer that goes is let go, however it words it.
    return value if type(value) is str and is_uri(value) else errors.CLOSE_NORMAL


def _abort(raw: Raw) -> requests.Abort:
    return requests.Abort(_reason(raw[2]))


def _goodbye(raw: Raw) -> requests.Goodbye:
    return requests.Goodbye(_reason(raw[2]))


def _authenticate(raw: Raw) -> requests.Authenticate:
    if type(raw[1]) is not str:
        raise ProtocolViolationError("AUTHENTICATE.Signature must be a string")
    extra = _container(raw[2] if len(raw) > 2 else None, "AUTHENTICATE.Extra")  # noqa: PLR2004
    return requests.Authenticate(raw[1], extra)


def _error(raw: Raw) -> requests.Error:
    if as_integer(raw[1]) != _INVOCATION:
        raise ProtocolViolationError("a client's ERROR can only answer an INVOCATION")
    request = _identifier(raw[2], "ERROR.Request")
    _container(raw[3], "ERROR.Details")
    args, kwargs = _payload(raw, 5)
    # The call has failed either way, so its caller is told that much.
    error = raw[4] if is_uri(raw[4]) else errors.INVALID_URI
    return requests.Error(request, error, args, kwargs)


def _publish(raw: Raw) -> requests.Publish | requests.Refused:
    request = _identifier(raw[1], "PUBLISH.Request")
    options = _container(raw[2], "PUBLISH.Options")
    args, kwargs = _payload(raw, 4)
    try:
        topic = _uri(raw[3], "PUBLISH.Topic")
        if not options:
            return requests.Publish(request, topic, args, kwargs)
        return requests.Publish(request, topic, args, kwargs, **publish_options(options))
    except WampError as error:
        return _refused(raw, request, error, silent=options.get("acknowledge") is not True)


def _subscribe(raw: Raw) -> requests.Subscribe | requests.Refused:
    request = _identifier(raw[1], "SUBSCRIBE.Request")
    options = _container(raw[2], "SUBSCRIBE.Options")
    try:
        topic, match = _pattern(raw[3], options, "SUBSCRIBE.Topic")
        return requests.Subscribe(request, topic, match, flag(options, "get_retained"))
    except WampError as error:
        return _refused(raw, request, error)


def _unsubscribe(raw: Raw) -> requests.Unsubscribe:
    request = _identifier(raw[1], "UNSUBSCRIBE.Request")
    return requests.Unsubscribe(request, _identifier(raw[2], "UNSUBSCRIBE.Subscription"))


def _call(raw: Raw) -> requests.Call | requests.Refused:
    request = _identifier(raw[1], "CALL.Request")
    options = _container(raw[2], "CALL.Options")
    args, kwargs = _payload(raw, 4)
    try:
        procedure = _uri(raw[3], "CALL.Procedure")
        if not options:
            return requests.Call(request, procedure, args, kwargs)
        return requests.Call(
            request,
            procedure,
            args,
            kwargs,
            receive_progress=flag(options, "receive_progress"),
            disclose_me=flag(options, "disclose_me"),
            timeout=timeout_option(options),
            progress=flag(options, "progress"),
        )
    except WampError as error:
        return _refused(raw, request, error, progress=options.get("progress") is True)


def _cancel(raw: Raw) -> requests.Cancel | requests.Refused:
    request = _identifier(raw[1], "CANCEL.Request")
    options = _container(raw[2] if len(raw) > 2 else None, "CANCEL.Options")  # noqa: PLR2004
    try:
        mode = word(options, "mode", requests.CANCEL_MODES, default="killnowait")
    except WampError as error:
        return _refused(raw, request, error)
    return requests.Cancel(request, mode)


def _register(raw: Raw) -> requests.Register | requests.Refused:
    request = _identifier(raw[1], "REGISTER.Request")
    options = _container(raw[2], "REGISTER.Options")
    try:
        procedure, match = _pattern(raw[3], options, "REGISTER.Procedure")
        invoke = word(options, "invoke", requests.INVOKES)
        disclose = flag(options, "disclose_caller")
    except WampError as error:
        return _refused(raw, request, error)
    return requests.Register(request, procedure, match, invoke, disclose)


def _unregister(raw: Raw) -> requests.Unregister:
    request = _identifier(raw[1], "UNREGISTER.Request")
    return requests.Unregister(request, _identifier(raw[2], "UNREGISTER.Registration"))


def _yield(raw: Raw) -> requests.Yield:
    request = _identifier(raw[1], "YIELD.Request")
    options = _container(raw[2], "YIELD.Options")
    args, kwargs = _payload(raw, 3)
    return requests.Yield(request, args, kwargs, options.get("progress") is True)


# Message type -> least and most elements, reader ("Message Definitions").
_READERS: Final[dict[int, tuple[int, int, Callable[[Raw], Request]]]] = {
    requests.Hello.TYPE: (3, 3, _hello),
    requests.Abort.TYPE: (3, 5, _abort),
    requests.Authenticate.TYPE: (2, 3, _authenticate),
    requests.Goodbye.TYPE: (3, 3, _goodbye),
    requests.Error.TYPE: (5, 7, _error),
    requests.Publish.TYPE: (4, 6, _publish),
    requests.Subscribe.TYPE: (4, 4, _subscribe),
    requests.Unsubscribe.TYPE: (3, 4, _unsubscribe),
    requests.Call.TYPE: (4, 6, _call),
    requests.Cancel.TYPE: (2, 3, _cancel),
    requests.Register.TYPE: (4, 4, _register),
    requests.Unregister.TYPE: (3, 4, _unregister),
    requests.Yield.TYPE: (3, 5, _yield),
}
