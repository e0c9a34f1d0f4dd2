# SPDX-License-Identifier: MIT
"""Idempotency keys: none is forgotten within its time, and none is pushed out by others."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.hub import Hub, Rules
from wsecho.core.rooms.retries import KEEP, Keyed, KeyReusedError, Receipt, Retries
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.errors import OverLimit
from wsecho.core.wire.positions import Position

TEXTS = st.text(max_size=3)


def make_hub(**rules: float) -> Hub[object]:  # type: ignore[type-var]  # nobody is in it
    """A hub of nobody."""
    words = count()
    return Hub(Rules(**rules), lambda: f"e{next(words)}")  # type: ignore[arg-type]


def say(key: str, payer: str = "me", caller: str = "") -> PublishRequest:
    """Something to say under a key."""
    return PublishRequest(b"x", is_binary=False, publication=1, keyed=Keyed(key, caller, payer))


def test_over_the_bound_a_new_key_is_refused_and_an_old_one_is_known() -> None:
    """Until the oldest is over; the refusal says how many there may be."""
    hub = make_hub(max_keys=3)
    first = hub.publish("a", say("0"), None, 0.0)
    for number in (1, 2):
        hub.publish("a", say(f"{number}"), None, number)
    with pytest.raises(OverLimit, match="3 idempotency keys within 300 s: --max-keys"):
        hub.publish("a", say("3"), None, 3)
    assert hub.refused["max-keys"] == 1
    assert hub.publish("a", say("0"), None, KEEP - 1).receipt == first.receipt
    assert hub.publish("a", say("3"), None, KEEP).receipt.position.offset == 4
    with pytest.raises(OverLimit):
        hub.publish("a", say("4"), None, KEEP)


def test_default_bound() -> None:
    """10,000, and the first of them is known at the end."""
    hub = make_hub()
    first = hub.publish("a", say("0"), None, 0.0)
    for number in range(1, 10_000):
        hub.publish(f"{number % 7}", say(f"{number}"), None, 1)
    with pytest.raises(OverLimit):
        hub.publish("a", say("10000"), None, 2)
    again = hub.publish("a", say("0"), None, 2)
    assert (again.message, again.receipt) == (None, first.receipt)


def test_nobody_takes_anothers_place() -> None:
    """Who has used all may use no more, in whatever room; others may."""
    hub = make_hub(max_keys=2)
    mine = hub.publish("a", say("k", "me"), None, 0)
    for number in range(5):
        for room in ("a", "b"):
            if number:
                with pytest.raises(OverLimit):
                    hub.publish(room, say(f"{number}", "other", "other"), None, 0)
            else:
                hub.publish(room, say(f"{number}", "other", "other"), None, 0)
    assert hub.publish("a", say("k", "me"), None, 0).receipt == mine.receipt
    assert hub.publish("a", say("l", "me"), None, 0).message is not None


def test_a_key_outlives_its_room() -> None:
    """One that went for its age, or made place for another room, or was forgotten."""
    hub = make_hub(history_ttl=1.0, max_rooms=1)
    first = hub.publish("a", say("k"), None, 0)
    hub.sweep(10)
    assert "a" not in hub
    assert hub.publish("a", say("k"), None, 10).receipt == first.receipt
    hub.use("b", 11)
    assert hub.publish("a", say("k"), None, 12).receipt == first.receipt
    assert hub.publish("a", say("k"), None, KEEP).message is not None


def test_none_is_kept_for_longer_than_its_time() -> None:
    """Nor counted, though nobody publishes any more."""
    hub = make_hub()
    hub.publish("a", say("k"), None, 0)
    hub.sweep(KEEP)
    assert (
        hub.publish("a", PublishRequest(b"y", False, 1, Keyed("k")), None, KEEP).message is not None
    )


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=2, max_size=2, unique=True))
def test_no_two_keys_are_one(parts: list[tuple[str, str, str]]) -> None:
    """However room, caller and key are put together."""
    (room, caller, key), (room2, caller2, key2) = parts
    assert Keyed(key, caller).name(room) != Keyed(key2, caller2).name(room2)


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("klmn"), st.floats(0, KEEP)), max_size=40
    )
)
def test_as_a_plain_model_has_it(steps: list[tuple[str, str, float]]) -> None:
    """Refused where there are three that are not over, else taken once."""
    retries, model, now = Retries(3), dict[tuple[str, str], float](), 0.0
    for number, (payer, key, pause) in enumerate(steps):
        now += pause / 4
        model = {each: until for each, until in model.items() if until > now}
        keyed = Keyed(key, payer, payer)
        receipt = retries.find("r", keyed, b"x", is_binary=False, now=now)
        assert (receipt is not None) is ((payer, key) in model)
        if receipt is not None:
            continue
        if sum(1 for each in model if each[0] == payer) >= 3:
            with pytest.raises(OverLimit):
                retries.check(keyed, now)
            continue
        retries.check(keyed, now)
        receipt = Receipt(Position("e", number), number)
        retries.remember("r", keyed, b"x", receipt, is_binary=False, now=now)
        model[payer, key] = now + KEEP
        assert len(retries) == len(model)


def test_whose_keys_are_counted_together() -> None:
    """A subject's wherever it is, else an address's; what is one's own is so from any address."""
    ann, bob = Caller("1.1.1.1", sub="ann"), Caller("1.1.1.1", sub="bob")
    here, there = Caller("1.1.1.1"), Caller("2.2.2.2")
    keyed = [each.keyed("k") for each in (ann, bob, here, there)]
    assert len({each.payer for each in keyed if each}) == 4
    assert [each.caller for each in keyed if each] == ["ann", "bob", "", ""]
    assert Caller("3.3.3.3", sub="ann").keyed("k") == keyed[0]
    assert here.keyed(None) is None


def test_a_repetition_is_known_by_what_was_sent() -> None:
    """Where something else was said in its place."""
    retries, receipt = Retries(9), Receipt(Position("e", 1), 7)
    plain = Keyed("k")
    sent = plain.digest(b"sent", is_binary=False)
    said = Keyed("k", sent=sent)
    retries.remember("a", said, b"said", receipt, is_binary=True, now=0.0)
    assert retries.find("a", plain, b"sent", is_binary=False, now=1.0) == receipt
    for payload, is_binary in ((b"said", True), (b"sent", True), (b"other", False)):
        with pytest.raises(KeyReusedError):
            retries.find("a", plain, payload, is_binary=is_binary, now=1.0)
