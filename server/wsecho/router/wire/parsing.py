# SPDX-License-Identifier: MIT
"""From an unserialized list to a request: strict where it matters, lenient where clients differ.

Autobahn's `Message.parse` ends the session over an unknown `match`, an empty URI component, a
float that is whole, or an option that is null. Here, by wire.md:

- what is no WAMP message (no list, unknown type, wrong arity, anything of the wrong type: an id, a
  URI, a container, an option) raises `ProtocolViolationError`: ABORT;
- a request whose URI is a string but no URI, or whose option has the right type and a value that
  will not do, becomes `Refused`: ERROR, and the session goes on;
- a whole float passes for an integer, and null or `undefined` for what was left out
  (wampy's binary serializers write both);
- options that are not known are ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wsecho.router.wire import errors, requests
from wsecho.router.wire.errors import ProtocolViolationError, WampError
from wsecho.router.wire.features import KNOWN
from wsecho.router.wire.ids import MAX_ID
from wsecho.router.wire.options import (
    absent,
    as_integer,
    flag,
    publish_options,
    timeout_option,
    word,
)
from wsecho.router.wire.uris import MATCHES, is_pattern, is_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.wire.requests import Request

_ROLES: Final = ("publisher", "subscriber", "caller", "callee")
_CALL_FLAGS: Final = ("receive_progress", "disclose_me", "progress")
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


def _string(value: object, what: str) -> str:
    if type(value) is not str:
        raise ProtocolViolationError(f"{what} must be a string")
    return value


def _uri(value: object, what: str) -> str:
    uri = _string(value, what)
    if not is_uri(uri):
        raise WampError(errors.INVALID_URI, f"{what} is not a valid URI")
    return uri


def _pattern(value: object, options: Options, what: str) -> tuple[str, Any]:
    uri = _string(value, what)
    match = word(options, "match", MATCHES)
    if not is_pattern(uri, match):
        raise WampError(errors.INVALID_URI, f"{what} is not a valid URI to match by {match}")
    return uri, match


def _hello(raw: Raw) -> requests.Hello:
    realm = _string(raw[1], "HELLO.Realm")
    if not is_uri(realm):
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
    authid = None if absent(authid) else _string(authid, "HELLO.Details.authid")
    extra = details.get("authextra")
    extra = None if absent(extra) else _container(extra, "HELLO.Details.authextra")
    return requests.Hello(realm, features, authid, tuple(methods), extra)


def _features(role: object) -> frozenset[str]:
    features = _container(_container(role, "a role").get("features"), "a role's features")
    for name, on in features.items():
        if name in KNOWN and type(on) is not bool and not absent(on):
            raise ProtocolViolationError(f"feature {name} must be true or false")
    return frozenset(name for name, on in features.items() if on is True and type(name) is str)


def _reason(raw: Raw, what: str) -> str:
    _container(raw[1], f"{what}.Details")
    _payload(raw, 3)
    reason = _string(raw[2], f"{what}.Reason")
    # A peer that goes is let go, however it words it.
    return reason if is_uri(reason) else errors.CLOSE_NORMAL


def _abort(raw: Raw) -> requests.Abort:
    return requests.Abort(_reason(raw, "ABORT"))


def _goodbye(raw: Raw) -> requests.Goodbye:
    return requests.Goodbye(_reason(raw, "GOODBYE"))


def _authenticate(raw: Raw) -> requests.Authenticate:
    signature = _string(raw[1], "AUTHENTICATE.Signature")
    extra = _container(raw[2] if len(raw) > 2 else None, "AUTHENTICATE.Extra")  # noqa: PLR2004
    return requests.Authenticate(signature, extra)


def _error(raw: Raw) -> requests.Error:
    if as_integer(raw[1]) != _INVOCATION:
        raise ProtocolViolationError("a client's ERROR can only answer an INVOCATION")
    request = _identifier(raw[2], "ERROR.Request")
    _container(raw[3], "ERROR.Details")
    args, kwargs = _payload(raw, 5)
    uri = _string(raw[4], "ERROR.Error")
    # The call has failed either way, so its caller is told that much.
    error = uri if is_uri(uri) else errors.INVALID_URI
    return requests.Error(request, error, args, kwargs)


def _publish(raw: Raw) -> requests.Publish | requests.Refused:
    request = _identifier(raw[1], "PUBLISH.Request")
    options = _container(raw[2], "PUBLISH.Options")
    args, kwargs = _payload(raw, 4)
    # Types first: whatever else is wrong, a wrong type ends the session.
    given = publish_options(options) if options else {}
    try:
        topic = _uri(raw[3], "PUBLISH.Topic")
        return requests.Publish(request, topic, args, kwargs, **given)
    except WampError as error:
        return _refused(raw, request, error, silent=options.get("acknowledge") is not True)


def _subscribe(raw: Raw) -> requests.Subscribe | requests.Refused:
    request = _identifier(raw[1], "SUBSCRIBE.Request")
    options = _container(raw[2], "SUBSCRIBE.Options")
    get_retained = flag(options, "get_retained")
    try:
        topic, match = _pattern(raw[3], options, "SUBSCRIBE.Topic")
        return requests.Subscribe(request, topic, match, get_retained)
    except WampError as error:
        return _refused(raw, request, error)


def _unsubscribe(raw: Raw) -> requests.Unsubscribe:
    request = _identifier(raw[1], "UNSUBSCRIBE.Request")
    _container(raw[3] if len(raw) > 3 else None, "UNSUBSCRIBE.Options")  # noqa: PLR2004
    return requests.Unsubscribe(request, _identifier(raw[2], "UNSUBSCRIBE.Subscription"))


def _call(raw: Raw) -> requests.Call | requests.Refused:
    request = _identifier(raw[1], "CALL.Request")
    options = _container(raw[2], "CALL.Options")
    args, kwargs = _payload(raw, 4)
    given = {name: flag(options, name) for name in _CALL_FLAGS} if options else {}
    try:
        procedure = _uri(raw[3], "CALL.Procedure")
        timeout = timeout_option(options)
        return requests.Call(request, procedure, args, kwargs, timeout=timeout, **given)
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
    disclose = flag(options, "disclose_caller")
    try:
        procedure, match = _pattern(raw[3], options, "REGISTER.Procedure")
        invoke = word(options, "invoke", requests.INVOKES)
    except WampError as error:
        return _refused(raw, request, error)
    return requests.Register(request, procedure, match, invoke, disclose)


def _unregister(raw: Raw) -> requests.Unregister:
    request = _identifier(raw[1], "UNREGISTER.Request")
    _container(raw[3] if len(raw) > 3 else None, "UNREGISTER.Options")  # noqa: PLR2004
    return requests.Unregister(request, _identifier(raw[2], "UNREGISTER.Registration"))


def _yield(raw: Raw) -> requests.Yield:
    request = _identifier(raw[1], "YIELD.Request")
    options = _container(raw[2], "YIELD.Options")
    args, kwargs = _payload(raw, 3)
    return requests.Yield(request, args, kwargs, flag(options, "progress"))


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
