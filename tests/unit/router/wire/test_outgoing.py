# SPDX-License-Identifier: MIT
"""What peers are sent is, octet by octet, what Autobahn would send them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cbor2
import msgpack
import pytest
from autobahn.wamp import message, role
from hypothesis import given
from hypothesis import strategies as st

from wsecho.router.wire import features, outgoing
from wsecho.router.wire.errors import CannotCarryError
from wsecho.router.wire.outgoing import OutgoingMessage, Publisher

if TYPE_CHECKING:
    from collections.abc import Callable


class Form:
    """A form of messages, for Autobahn's and for ours; it counts how often it writes."""

    def __init__(self, name: str, write: Callable[[Any], bytes]) -> None:
        self.NAME = name
        self._write = write
        self.written = 0

    def serialize(self, obj: list[Any], /) -> bytes:
        """Write a message."""
        self.written += 1
        return self._write(obj)


def forms() -> list[Form]:
    """Each form anew."""
    return [
        Form("json", lambda obj: json.dumps(obj).encode()),
        Form("msgpack", msgpack.packb),
        Form("cbor", cbor2.dumps),
    ]


ids = st.integers(1, 2**53)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
uris = st.sampled_from(["a", "a.b", "wsecho.room.caf%C3%A9"])
values: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | texts
)
values |= st.lists(values, max_size=2) | st.dictionaries(texts, values, max_size=2)
args = st.none() | st.lists(values, max_size=3)
kwargs = st.none() | st.dictionaries(texts, values, max_size=3)

Pair = tuple[OutgoingMessage, message.Message]


@st.composite
def payloads(draw: st.DrawFn) -> tuple[outgoing.Args, outgoing.Kwargs, dict[str, Any]]:
    """A payload, and the same for Autobahn, which sends null for what is `[]` here."""
    ours, named = draw(args), draw(kwargs)
    return ours, named, {"args": (ours or []) if named else ours, "kwargs": named}


@st.composite
def events(draw: st.DrawFn) -> Pair:
    """EVENT."""
    given_args, given_kwargs, payload = draw(payloads())
    subscription, publication = draw(ids), draw(ids)
    topic, retained = draw(st.none() | uris), draw(st.booleans())
    publisher = draw(st.none() | st.builds(Publisher, ids, texts, texts))
    if publisher is not None:
        payload |= {
            "publisher": publisher.session,
            "publisher_authid": publisher.authid,
            "publisher_authrole": publisher.authrole,
        }
    event = outgoing.OutgoingEvent(
        *(subscription, publication, given_args, given_kwargs),
        *(topic, publisher),
        retained=retained,
    )
    theirs = message.Event(
        subscription, publication, topic=topic, retained=retained or None, **payload
    )
    return event, theirs


@st.composite
def results(draw: st.DrawFn) -> Pair:
    """RESULT."""
    given_args, given_kwargs, payload = draw(payloads())
    request, progress = draw(ids), draw(st.booleans())
    result = outgoing.OutgoingResult(request, given_args, given_kwargs, progress=progress)
    return result, message.Result(request, progress=progress or None, **payload)


@st.composite
def errors(draw: st.DrawFn) -> Pair:
    """ERROR."""
    given_args, given_kwargs, payload = draw(payloads())
    kind, request, uri = draw(st.sampled_from([16, 32, 34, 48, 64, 66])), draw(ids), draw(uris)
    error = outgoing.OutgoingError(kind, request, uri, given_args, given_kwargs)
    return error, message.Error(kind, request, uri, **payload)


@st.composite
def invocations(draw: st.DrawFn) -> Pair:
    """INVOCATION, with details as the dealer puts them."""
    given_args, given_kwargs, payload = draw(payloads())
    request, registration = draw(ids), draw(ids)
    details: dict[str, Any] = {}
    if draw(st.booleans()):
        details["receive_progress"] = True
    if draw(st.booleans()):
        details |= {"caller": draw(ids), "caller_authid": "ann", "caller_authrole": "user"}
    invocation = outgoing.OutgoingInvocation(
        request, registration, given_args, given_kwargs, details
    )
    return invocation, message.Invocation(request, registration, **details, **payload)


def welcome(session: int, authid: str, extra: dict[str, Any], history: bool) -> Pair:
    """WELCOME; of its features Autobahn's classes have all but one."""
    known = dict.fromkeys(features.BROKER, True) | {"event_history": history or None}
    dealer = dict.fromkeys(features.DEALER, True) | {"registration_revocation": history or None}
    roles = {
        "broker": role.RoleBrokerFeatures(**known),
        "dealer": role.RoleDealerFeatures(**dealer),
    }
    vars(roles["dealer"])["progressive_call_invocations"] = True
    who = {"authid": authid, "authrole": "user", "authmethod": "ticket", "authprovider": "static"}
    ours = features.roles(history=history, revokes=history)
    return (
        outgoing.welcome(session, ours, realm="realm1", **who, authextra=extra),
        message.Welcome(session, roles, realm="realm1", **who, authextra=extra),
    )


def bare_welcome(session: int) -> Pair:
    """WELCOME without features."""
    roles = {"broker": role.RoleBrokerFeatures(), "dealer": role.RoleDealerFeatures()}
    return (
        outgoing.welcome(session, features.bare_roles(), realm="realm1", authextra=None),
        message.Welcome(session, roles, realm="realm1"),
    )


said = st.none() | st.text(st.characters(codec="utf-8"), max_size=8)
pairs: st.SearchStrategy[Pair] = st.one_of(
    *(events(), results(), errors(), invocations()),
    st.builds(welcome, ids, texts, st.dictionaries(texts, values, max_size=2), st.booleans()),
    st.builds(bare_welcome, ids),
    st.builds(lambda uri, text: (outgoing.abort(uri, text), message.Abort(uri, text)), uris, said),
    st.builds(
        lambda uri, text: (outgoing.goodbye(uri, text), message.Goodbye(uri, text)), uris, said
    ),
    st.builds(
        lambda extra: (outgoing.challenge("ticket", extra), message.Challenge("ticket", extra)),
        st.dictionaries(texts, values, max_size=2),
    ),
    st.builds(
        lambda request, mode, reason: (
            outgoing.OutgoingInterrupt(request, mode, reason),
            message.Interrupt(request, mode, reason),
        ),
        *(ids, st.sampled_from(["kill", "killnowait"]), uris),
    ),
    st.builds(
        lambda ours, request, other: (
            getattr(outgoing, ours)(request, other),
            getattr(message, ours.capitalize())(request, other),
        ),
        *(st.sampled_from(["published", "subscribed", "registered"]), ids, ids),
    ),
    st.builds(lambda n: (outgoing.unsubscribed(n), message.Unsubscribed(n)), ids),
    st.builds(lambda n: (outgoing.unregistered(n), message.Unregistered(n)), ids),
    st.builds(
        lambda n, uri: (
            outgoing.revoked(n, uri),
            message.Unregistered(0, registration=n, reason=uri),
        ),
        *(ids, uris),
    ),
)


@given(pairs)
def test_octets_are_autobahns(pair: Pair) -> None:
    """In each form."""
    ours, theirs = pair
    for form in forms():
        assert ours.serialize(form) == theirs.serialize(form)


def test_a_message_is_written_once_for_each_form() -> None:
    """However many peers speak it."""
    event = outgoing.OutgoingEvent(1, 2, [1], None)
    first, second, *_ = forms()
    assert event.serialize(first) is event.serialize(first)
    assert event.serialize(second) != event.serialize(first)
    assert (first.written, second.written) == (1, 1)


def test_what_cannot_be_written_is_kept_for_nobody() -> None:
    """The next of that form fails, too, and those of others get it."""
    event = outgoing.OutgoingEvent(1, 2, [b"octets"], None)
    plain, packed, _ = forms()
    for _ in range(2):
        with pytest.raises(TypeError):
            event.serialize(plain)
    assert msgpack.unpackb(event.serialize(packed)) == [36, 1, 2, {}, [b"octets"]]


def test_keywords_alone_come_behind_an_empty_list() -> None:
    """Not behind null, which is no list of arguments ("Message Definitions")."""
    assert outgoing.OutgoingResult(1, None, {"a": 1}).marshal() == [50, 1, {}, [], {"a": 1}]
    assert outgoing.OutgoingResult(1, None, {}).marshal() == [50, 1, {}]


def test_two_messages_are_never_the_same() -> None:
    """They are compared by identity, so that what was made of one stays its own."""
    assert outgoing.published(1, 2) != outgoing.published(1, 2)


@pytest.mark.parametrize(
    ("longest", "expected"),
    [
        (500, [8, 48, 1, {}, "com.bad", ["x" * 99], {"k": 1}]),
        (50, [8, 48, 1, {}, "com.bad"]),
        (35, [8, 48, 1, {}, "a.c"]),
    ],
)
def test_an_error_is_sent_as_whole_as_can_be(longest: int, expected: list[Any]) -> None:
    """Without its payload, and with what is wrong with it rather than with nothing."""
    sent: list[Any] = []
    uri = "com.bad" if longest != 35 else "com." + "x" * 50

    def send(msg: OutgoingMessage) -> None:
        if len(json.dumps(msg.marshal())) > longest:
            raise CannotCarryError("a.c")
        sent.append(msg.marshal())

    outgoing.send_error(send, outgoing.OutgoingError(48, 1, uri, ["x" * 99], {"k": 1}))
    assert sent == [expected]
