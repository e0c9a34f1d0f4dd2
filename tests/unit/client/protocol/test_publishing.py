# SPDX-License-Identifier: MIT
"""What is said: by the connection, or by POST beside one that is not read."""

import json

import pytest

from wsecho.client.errors import Closed, Forbidden, TooLarge, Unauthorized
from wsecho.client.model import Position
from wsecho.client.protocol.actions import Action, Post, Send, Settle
from wsecho.client.protocol.backoff import Backoff
from wsecho.client.protocol.outbox import MAX_SECONDS, Entry, Outbox
from wsecho.client.protocol.publishing import Publishing
from wsecho.client.protocol.refusals import Refusal, passing, refused_by_http

HERE = Position("a", 1)


class Speaker:
    """Something to say, and what is done about it."""

    def __init__(self, *data: str) -> None:
        self.done: list[Action] = []
        self.publishing = Publishing(Outbox("k", Backoff(lambda: 1.0)), self.done.append)
        self.entries = [self.publishing.outbox.add(each, 0.0, None) for each in data]

    def posts(self) -> list[Entry]:
        """What is posted."""
        return [action.entry for action in self.done if isinstance(action, Post)]

    def settled(self) -> list[tuple[Entry, object]]:
        """What became of it."""
        return [(each.entry, each.outcome) for each in self.done if isinstance(each, Settle)]


def test_by_the_connection_all_of_it_goes_at_once() -> None:
    """And nothing where there is none."""
    said = Speaker("a", "b")
    said.publishing.say(None, None, 0.0)
    assert said.done == []
    said.publishing.say("socket", "token", 0.0)
    assert [json.loads(each.frame)["data"] for each in said.done if isinstance(each, Send)] == [
        *("a", "b")
    ]
    said.publishing.acknowledged(2, HERE)
    said.publishing.acknowledged(7, HERE)
    assert said.settled() == [(said.entries[1], HERE)]
    assert said.publishing.was_acknowledged


def test_by_post_it_goes_one_by_one() -> None:
    """Nor does anything go by the connection meanwhile: it might overtake."""
    said = Speaker("a", "b")
    said.publishing.say("post", "token", 0.0)
    assert said.posts() == said.entries[:1]
    said.publishing.say("socket", "token", 0.0)
    said.publishing.cut()
    assert len(said.done) == 1
    assert said.publishing.deadline("post") == MAX_SECONDS
    said.publishing.posted(said.entries[0], HERE)
    said.publishing.say("post", None, 0.0)
    assert said.settled() == [(said.entries[0], HERE)]
    assert said.posts() == said.entries


def test_what_is_too_large_by_now_is_not_said() -> None:
    """The next one is."""
    said = Speaker("x" * 100, "a")
    said.publishing.outbox.max_frame = 100
    said.publishing.say("socket", None, 0.0)
    [(entry, error)] = said.settled()
    assert (entry, type(error)) == (said.entries[0], TooLarge)
    assert isinstance(said.done[-1], Send)


REJECTED = refused_by_http(401, 0.0, b'{"error":{"code":"unauthorized","reason":"x"}}')


@pytest.mark.parametrize("can_ask_again", [True, False])
def test_a_post_whose_token_does_not_count(can_ask_again: bool) -> None:
    """Another is asked for, once."""
    said, now = Speaker("a"), 0.0
    asked = []
    while not said.settled():
        said.publishing.say("post", None, now)
        entry = said.posts()[-1]
        asked.append(said.publishing.not_posted(entry, REJECTED, now, can_ask_again=can_ask_again))
        now += 20.0
    assert asked == [True, False][not can_ask_again :]
    assert isinstance(said.settled()[0][1], Unauthorized)


def test_a_post_that_fails_is_said_again_or_told() -> None:
    """As it passes or not; what is between does."""
    said = Speaker("a")
    for now, refusal in ((0.0, passing("x")), (20.0, refused_by_http(404, 0.0, b"<html>"))):
        said.publishing.say("post", None, now)
        assert not said.publishing.not_posted(said.entries[0], refusal, now, can_ask_again=True)
        assert said.settled() == []
    said.publishing.say("post", None, 40.0)
    no = Refusal(Forbidden("no"), passes=False)
    said.publishing.not_posted(said.entries[0], no, 40.0, can_ask_again=True)
    assert said.settled() == [(said.entries[0], no.error)]


def test_everything_comes_to_an_end() -> None:
    """By its time, by a close that means the largest, or by the client's own."""
    said = Speaker("a", "xx", "b")
    said.publishing.say("socket", None, 0.0)
    too_large, closed = TooLarge("x"), Closed("x")
    said.publishing.blame(too_large)
    assert said.settled() == [(said.entries[1], too_large)]
    said.publishing.end(closed)
    assert said.settled()[1:] == [(said.entries[0], closed), (said.entries[2], closed)]
    said.publishing.blame(too_large)
    late = Speaker("a")
    late.publishing.expire(MAX_SECONDS)
    assert len(late.settled()) == 1
