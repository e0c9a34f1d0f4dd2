# SPDX-License-Identifier: MIT
"""A request's way to the owner and back: as it comes, and as either end leaves."""

import json

from tests.unit.doors.forwarding.harness import Inner
from tests.unit.doors.forwarding.pairs import Pair
from wsecho.app.drain import MOMENT, Drain
from wsecho.doors.forwarding.relay import Relay


def test_it_waits_and_is_answered_as_soon_as_there_is_something() -> None:
    """And by 204 if there is nothing for a while, as at home."""
    pair = Pair()
    pair.join()
    waiting = pair.ask("receive")
    assert waiting.status is None
    pair.ask("send", b'[48,1,{},"wsecho.echo"]')
    pair.net.run()
    assert waiting.json[:2] == [50, 1]
    empty = pair.ask("receive")
    pair.net.run(8)
    assert empty.status == 204


def test_a_client_that_goes_away_is_gone_for_the_owner_too() -> None:
    """So the session's time begins to run there."""
    pair = Pair(lp_timeout=5.0)
    pair.join()
    pair.ask("receive").peer.lose()
    pair.net.run()
    pair.net.run(5)
    assert pair.ask("receive").status == 404


def test_a_stream_comes_as_it_comes() -> None:
    """And goes on at another request behind the last event."""
    pair = Pair()
    pair.join()
    stream = pair.ask("events")
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.body.startswith(b"retry: ")
    pair.ask("send", b'[48,1,{},"wsecho.echo",[1]]')
    pair.net.run()
    [event] = [one for one in stream.events if one.data]
    assert json.loads(event.data)[:2] == [50, 1]
    assert not stream.is_over
    stream.peer.lose()
    again = pair.ask("events", last_event_id=event.last_id)
    pair.ask("send", b'[48,2,{},"wsecho.echo",[2]]')
    pair.net.run()
    assert [json.loads(one.data)[1] for one in again.events if one.data] == [2]


def test_a_client_that_reads_slowly_slows_the_owner_down() -> None:
    """What is forwarded never piles up where it is passed on."""
    pair = Pair()
    pair.join()
    stream = pair.ask("events")
    inner = pair.net.pumps[-1].clientIO
    assert isinstance(inner, Inner)
    assert not inner.is_paused
    stream.peer.wire.fill()
    assert inner.is_paused
    stream.peer.wire.empty()
    assert not inner.is_paused


def test_errors_are_the_owners() -> None:
    """Their bodies too; what is wrong before that, the first node says itself."""
    pair = Pair(max_message_size=100)
    assert pair.ask("send?seq=2", b"[]").status == 409
    assert pair.ask("send?seq=x", b"[]").json["error"]["code"] == "bad_request"
    assert pair.ask("send", b"[]", content_type="text/html").status == 415
    attempts = len(pair.net.attempts)
    assert pair.ask("send", b"x" * 101).status == 413
    assert pair.ask("send", b"[]", origin="https://evil.example").status == 403
    assert pair.other.ask("GET", f"/lp/{pair.session}/send").status == 405
    assert len(pair.net.attempts) == attempts


def test_the_end_of_the_first_node_ends_streams_and_lets_the_rest_be_answered() -> None:
    """So nothing that was on its way is lost."""
    pair = Pair()
    pair.join()
    done: list[object] = []
    stream = pair.ask("events")
    Drain([], pair.other.state, pair.net, 10.0).run().addBoth(done.append)
    pair.net.run()
    assert stream.is_over
    pair.net.run(MOMENT)
    assert done


def test_a_receive_whose_client_half_closes_is_answered_and_takes_nothing() -> None:
    """The client may as well have gone away: what comes later waits for the next one."""
    pair = Pair()
    pair.join()
    waiting = pair.ask("receive")
    waiting.peer.half_close()
    pair.net.run()
    assert waiting.status == 204
    assert waiting.peer.wire.disconnecting
    assert not any(isinstance(one, Relay) for one in pair.other.state.connections)
    assert pair.ask("send", b'[48,1,{},"wsecho.echo",["x"]]').status == 204
    assert pair.ask("receive").json == [50, 1, {}, ["x"]]


def test_a_stream_whose_client_half_closes_ends() -> None:
    """There and here."""
    pair = Pair()
    pair.join()
    stream = pair.ask("events")
    assert stream.status == 200
    stream.peer.half_close()
    pair.net.run()
    assert stream.is_over
    assert not any(isinstance(one, Relay) for one in pair.other.state.connections)
    assert not any(one.is_paced for one in pair.owner.state.connections)
