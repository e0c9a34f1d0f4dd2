# SPDX-License-Identifier: MIT
"""Applications that are asked, by real clients: the same at every door, whatever carries questions.

A further carrier joins by a name in `CARRIERS` and by what starts its server in `asked`.
"""

import asyncio
import json
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, suppress
from functools import partial, wraps
from secrets import token_hex
from typing import Any, Final, cast

import cbor2
import pytest
import requests
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.node import run_node
from tests.support.asked import HEADER, SLOW
from tests.support.clusters import workers
from tests.support.processes import PATIENCE, RunningServer, running, twistd
from tests.support.uvicorn import uvicorn
from tests.support.waiting import settled, wait_until
from tests.support.wamp import CALL, HELLO, PUBLISH, SUBSCRIBE, Refused, Wamp, wamp

CARRIERS: Final = {
    "plain": ("--app", "tests.support.asked:Plain"),
    "coroutines": ("--app", "tests.support.asked:Coroutines"),
    "deferreds": ("--app", "tests.support.asked:Deferreds"),
    "workers": ("--app", "tests.support.asked:Deferreds"),
    "http": (),
}
"""How each is started: `workers` are two, with an application each, and Redis; over HTTP, where the
application is says who starts it."""

WAITING: Final = ("coroutines", "deferreds", "workers", "http")
"""Those whose answers may take their time."""

OPTIONS: Final = ("--ask-header", HEADER, "--ask-timeout", "4")

# By the word that an application answers by: what HTTP says, and WAMP.
TABLE: Final = {
    "no": (403, "forbidden", "wamp.error.not_authorized"),
    "full": (503, "over_limit", "wsecho.error.over_limit"),
    "away": (503, "unavailable", "wamp.error.network_failure"),
    "broken": (500, "internal", "wamp.error.runtime_error"),
}
CLOSES: Final = {"no": 4403, "full": 4403, "away": 1013, "broken": 1011}
"""What a raw publisher is closed with."""

words = pytest.mark.parametrize("word", TABLE, indirect=True)


@pytest.fixture(scope="module", params=CARRIERS)
def carrier(request: pytest.FixtureRequest) -> str:
    """Each carrier of questions, one after the other."""
    return str(request.param)


@pytest.fixture(scope="module")
def asked(carrier: str) -> Iterator[RunningServer]:
    """A server whose application is asked by the carrier."""
    with ExitStack() as stack:
        options = CARRIERS[carrier]
        if not options:
            url, _ = stack.enter_context(uvicorn("tests.support.asked_http:app"))
            options = ("--ask", url)
        start = partial(workers, 2) if carrier == "workers" else running
        yield stack.enter_context(start(*options, *OPTIONS))


@pytest.fixture
def word(request: pytest.FixtureRequest, carrier: str) -> str:
    """By what is answered; over HTTP an application's fault is no answer, as if it were away."""
    name = str(request.param)
    return "away" if (carrier, name) == ("http", "broken") else name


@pytest.fixture(autouse=True)
def _is_asked(request: pytest.FixtureRequest) -> None:
    # What needs no carrier is tried once.
    if "asked" in request.fixturenames:
        wait_until_asked(request.getfixturevalue("asked"))


def wait_until_asked(server: RunningServer) -> None:
    """Wait until a question is answered: over HTTP, who was away is left alone for a while."""
    wait_until(lambda: post(server, "open-again", "again").status_code == 201)


def played(play: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Have a coroutine be a test."""

    @wraps(play)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(play(*args, **kwargs))

    return run


async def received(socket: ClientConnection) -> str | bytes:
    """The next message."""
    async with asyncio.timeout(PATIENCE):
        return await socket.recv()


async def closed_with(socket: ClientConnection) -> int:
    """The code by which the server closes, and nothing is said before."""
    with pytest.raises(ConnectionClosed) as closed:
        await received(socket)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def get(server: RunningServer, path: str, **headers: str) -> requests.Response:
    """Ask for something."""
    return requests.get(server.http(path), headers=headers, timeout=PATIENCE)


def v1(server: RunningServer, room: str, **headers: str) -> websockets.connect:
    """A connection that speaks `wsecho.v1`."""
    return websockets.connect(
        server.ws(f"/broadcast/{room}"),
        subprotocols=[Subprotocol("wsecho.v1")],
        additional_headers=headers,
        open_timeout=PATIENCE,
    )


async def frame(socket: ClientConnection) -> dict[str, Any]:
    """The next frame."""
    return dict(json.loads(await received(socket)))


async def say(socket: ClientConnection, data: str, **more: Any) -> dict[str, Any]:
    """Say something, and have the answer."""
    await socket.send(json.dumps({"type": "publish", "data": data, "id": data, **more}))
    while (answer := await frame(socket)).get("id") != data:
        pass
    return answer


def kept(server: RunningServer, room: str) -> list[str]:
    """What a room has."""
    answer = get(server, f"/broadcast/{room}?history=99")
    return [message.get("data", message.get("base64")) for message in answer.json()["messages"]]


def post(server: RunningServer, room: str, data: Any, **headers: str) -> requests.Response:
    """Say something by POST."""
    url = server.http(f"/broadcast/{room}" if room else "/broadcast")
    return requests.post(url, data=data, headers=headers, timeout=PATIENCE)


def check(answer: requests.Response, word: str) -> None:
    """See that a request was refused by a word."""
    status, code, _ = TABLE[word]
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)


# -- connecting


@words
@played
async def test_who_may_not_connect_is_told_so(asked: RunningServer, word: str) -> None:
    """By the handshake's status, with `wsecho.v1` and without; a stream's, too."""
    for subprotocols in ([], [Subprotocol("wsecho.v1")]):
        with pytest.raises(InvalidStatus) as refused:
            await websockets.connect(
                asked.ws("/broadcast/open-c"),
                subprotocols=subprotocols,
                additional_headers={HEADER: word},
            )
        assert refused.value.response.status_code == TABLE[word][0]
    events = {"Accept": "text/event-stream", HEADER: word}
    stream = get(asked, "/broadcast/open-c", **events)
    if TABLE[word][0] == 503:
        # An EventSource gives up on any other status.
        assert stream.status_code == 200
        assert f'"code":"{TABLE[word][1]}"' in stream.text
        assert "retry:" in stream.text
    else:
        check(stream, word)


@played
async def test_a_page_can_read_that_it_may_not(asked: RunningServer) -> None:
    """By an open socket that is closed with 4403: a browser hides a handshake's status."""
    origin = {"Origin": asked.http("")}
    for room, headers in (("open-c", {HEADER: "no"}), ("no-c", {})):
        async with websockets.connect(
            asked.ws(f"/broadcast/{room}"), additional_headers={**origin, **headers}
        ) as socket:
            assert await closed_with(socket) == 4403


@played
async def test_an_application_says_who_that_is(asked: RunningServer) -> None:
    """By claims as a token's, which no token changes then."""
    async with v1(asked, "open-who?presence=1", **{HEADER: "ann"}) as ann:
        assert (await frame(ann))["members"][0]["name"] == "Ann"
        assert (await say(ann, "hello"))["type"] == "published"
        await ann.send(json.dumps({"type": "token", "token": "x"}))
        assert (await frame(ann))["code"] == "bad_request"
    async with v1(asked, "other-who", **{HEADER: "ann"}) as ann:
        assert (await frame(ann))["type"] == "joined"
        assert (await say(ann, "hello"))["code"] == "forbidden"


def test_a_single_request_is_not_asked_whether_it_may_connect(asked: RunningServer) -> None:
    """Nor are the echo, the page and what operators look at."""
    no = {HEADER: "no"}
    for path in ("/", "/healthz", "/broadcast/open-c", "/broadcast/open-c/members"):
        assert get(asked, path, **no).ok, path
    assert post(asked, "open-c", "hello", **no).status_code == 201


@words
@played
async def test_a_session_of_wamp_that_may_not_be_is_aborted(
    asked: RunningServer, word: str
) -> None:
    """After it is known who that is, and before WELCOME."""
    async with websockets.connect(
        asked.ws("/ws"),
        subprotocols=[Subprotocol("wamp.2.cbor")],
        additional_headers={HEADER: word},
    ) as socket:
        await socket.send(cbor2.dumps([HELLO, "realm1", {"roles": {"publisher": {}}}]))
        answer = cbor2.loads(cast("bytes", await received(socket)))
    assert (answer[0], answer[2]) == (3, TABLE[word][2])


# -- joining


@words
@played
async def test_a_room_that_may_not_be_seen_is_seen_by_no_door(
    asked: RunningServer, word: str
) -> None:
    """Neither what is said, nor what was said, nor who is there."""
    room, status = f"{word}-j", TABLE[word][0]
    for query in ("", "?history=5", "?after=e:0"):
        for subprotocols in ([], [Subprotocol("wsecho.v1")]):
            with pytest.raises(InvalidStatus) as refused:
                await websockets.connect(
                    asked.ws(f"/broadcast/{room}{query}"), subprotocols=subprotocols
                )
            assert refused.value.response.status_code == status
        check(get(asked, f"/broadcast/{room}{query}"), word)
    check(get(asked, f"/broadcast/{room}/members"), word)
    await asyncio.to_thread(wait_until_asked, asked)
    async with wamp(asked) as session:
        for topic in (f"wsecho.room.{room}", f"wsecho.presence.{room}"):
            with pytest.raises(Refused, match=TABLE[word][2]):
                await session.ask(SUBSCRIBE, {}, topic)
        with pytest.raises(Refused, match=TABLE[word][2]):
            await session.ask(CALL, {}, "wsecho.members", [room])


@played
async def test_patterns_leave_out_what_is_asked_about(asked: RunningServer) -> None:
    """All rooms are, by default: live and from the history."""
    async with wamp(asked) as reader, wamp(asked) as speaker:
        pattern = await reader.subscribe("wsecho.room.", match="prefix")
        plain = await reader.subscribe("wsecho.room.open-p")
        await speaker.publish("wsecho.room.open-p", "hello")
        event = await asyncio.wait_for(reader.next(), PATIENCE)
        assert event[1] == plain
        history = await reader.ask(CALL, {}, "wamp.subscription.get_events", [pattern])
        assert history[3:] in ([], [[]])
        history = await reader.ask(CALL, {}, "wamp.subscription.get_events", [plain])
        assert len(history[3]) == 1


@played
async def test_who_is_there_is_told_to_nobody_who_was_not_let_in(asked: RunningServer) -> None:
    """By no procedure of the Subscription Meta API."""
    topic, ask = "wsecho.room.open-meta", "wamp.subscription."
    async with wamp(asked) as inside, wamp(asked) as stranger:
        subscription = await inside.subscribe(topic)
        assert await inside.call(f"{ask}list_subscribers", subscription) == [inside.id]
        assert await stranger.call(f"{ask}lookup", topic) is None
        with pytest.raises(Refused, match="no_such_subscription"):
            await stranger.call(f"{ask}list_subscribers", subscription)


@pytest.mark.parametrize("door", ["http", "longpoll"])
def test_an_application_sees_who_asks(asked: RunningServer, carrier: str, door: str) -> None:
    """The door, the path (not over HTTP), the page, the subject and the address."""
    path = "/broadcast/who/members" if door == "http" else "/broadcast/who"
    headers = {"Origin": asked.http("")}
    answer = get(asked, f"{path}?x=1", **headers)
    shown = "" if carrier == "http" else path
    reason = f"{door} {shown} {asked.http('')} None 127.0.0.1"
    assert answer.json()["error"]["reason"] == reason


# -- publishing


@words
@played
async def test_what_may_not_be_said_is_said_at_no_door(asked: RunningServer, word: str) -> None:
    """Each door says so as it says anything; only a raw publisher is closed."""
    room = f"open-{word}-{token_hex(4)}"
    check(post(asked, room, word), word)
    many = json.dumps({"rooms": [f"{room}-2", room], "data": word})
    check(post(asked, "", many), word)
    async with v1(asked, room) as socket:
        assert (await say(socket, word))["code"] == TABLE[word][1]
        assert (await say(socket, "fine"))["type"] == "published"
    async with websockets.connect(asked.ws(f"/broadcast/{room}?self=0")) as raw:
        for text in (word, "behind it"):
            await raw.send(text)
        assert await closed_with(raw) == CLOSES[word]
    async with wamp(asked) as session:
        with pytest.raises(Refused, match=TABLE[word][2]):
            await session.publish(f"wsecho.room.{room}", word)
        with pytest.raises(Refused, match=TABLE[word][2]):
            await session.call("wsecho.publish", room, word)
    assert kept(asked, room) == ["fine"]


@played
async def test_other_data_takes_a_messages_place(asked: RunningServer) -> None:
    """By every door, for text and binary."""
    room = "open-shout"
    assert post(asked, room, "shout post").status_code == 201
    async with v1(asked, room) as socket:
        assert (await say(socket, "shout frame"))["type"] == "published"
    async with websockets.connect(asked.ws(f"/broadcast/{room}")) as raw:
        await raw.send("shout raw")
        assert await received(raw) == "RAW"
        await raw.send(b"reverse")
        assert await received(raw) == b"esrever"
    async with wamp(asked) as session:
        await session.publish(f"wsecho.room.{room}", "shout event")
    assert kept(asked, room) == ["POST", "FRAME", "RAW", "ZXNyZXZlcg==", "EVENT"]


def test_each_of_many_rooms_has_its_own_answer(asked: RunningServer) -> None:
    """The same is sent to all, and other data is said in each; a repetition changes nothing."""
    names = ["open-m1", "open-m2", "open-m3"]
    many = json.dumps({"rooms": names, "data": "where"})
    answers = [post(asked, "", many, **{"Idempotency-Key": "m"}) for _ in range(2)]
    assert answers[0].status_code == answers[1].status_code == 201
    assert answers[0].json() == answers[1].json()
    assert [kept(asked, name) for name in names] == [[name] for name in names]


@played
async def test_what_is_dropped_is_acknowledged_and_said_to_nobody(asked: RunningServer) -> None:
    """With the room's position as it is, and no address of a message."""
    room = "open-drop"
    first = post(asked, room, "first").json()["position"]
    dropped = post(asked, room, "drop")
    assert (dropped.status_code, dropped.json()) == (201, {"position": first})
    assert "Location" not in dropped.headers
    many = json.dumps({"rooms": [room], "data": "drop"})
    answer = post(asked, "", many)
    assert (answer.status_code, answer.json()) == (201, {"positions": {room: first}})
    async with v1(asked, room) as socket:
        assert (await say(socket, "drop"))["position"] == first
    async with websockets.connect(asked.ws(f"/broadcast/{room}")) as raw:
        await raw.send("drop")
        await raw.send("second")
        assert await received(raw) == "second"
    async with wamp(asked) as session:
        assert await session.publish(f"wsecho.room.{room}", "drop")
    assert kept(asked, room) == ["first", "second"]


def test_a_repetition_is_known_by_what_was_sent(asked: RunningServer) -> None:
    """Though something else was said in its place; and it is not asked about again."""
    room, key = "open-key", {"Idempotency-Key": "k"}
    first = post(asked, room, "shout once", **key)
    again = post(asked, room, "shout once", **key)
    assert (first.json(), first.headers["Location"]) == (again.json(), again.headers["Location"])
    assert post(asked, room, "ONCE", **key).status_code == 422
    assert post(asked, room, "no", **key).status_code == 422
    assert kept(asked, room) == ["ONCE"]


def test_autobahnjs_sees_the_same(asked: RunningServer) -> None:
    """With all that it does else, and what is refused, changed and dropped."""
    assert "ok" in run_node("asking.mjs", asked.ws("/ws"))
    assert "ok" in run_node("wamp.mjs", asked.ws("/ws"), "json")
    assert "ok" in run_node("longpoll.mjs", asked.http("/lp"))


# -- while it takes its time


@pytest.mark.parametrize("carrier", WAITING, indirect=True)
@played
async def test_nobody_waits_for_anothers_question(asked: RunningServer) -> None:
    """One whose every message is asked about for a second, beside a hundred that are at once."""
    async with websockets.connect(asked.ws("/broadcast/open-slow?self=0")) as busy:
        for number in range(8):
            await busy.send(f"slow {number}")
        others = [await v1(asked, f"open-{number}") for number in range(100)]
        await asyncio.gather(*(say(other, "hello") for other in others))
        # A hundred were heard, where one after the other would have been at the second by now.
        assert len(kept(asked, "open-slow")) < 8
        await asyncio.gather(*(other.close() for other in others))
        texts = [f"slow {number}" for number in range(8)]
        await settled(lambda: kept(asked, "open-slow"), texts, PATIENCE + 8 * SLOW)


@pytest.mark.parametrize("carrier", WAITING, indirect=True)
@played
async def test_messages_stay_in_order_and_outlive_their_connection(asked: RunningServer) -> None:
    """What had come before its end is asked about and said, slow or not."""
    room, texts = "open-order", ["slow 1", "2", "3", "slow 4", "5"]
    raw = await websockets.connect(asked.ws(f"/broadcast/{room}"))
    for text in texts:
        await raw.send(text)
    await raw.close()
    await settled(lambda: kept(asked, room), texts)


@pytest.mark.parametrize("carrier", WAITING, indirect=True)
@played
async def test_a_session_of_wamp_stays_in_order(asked: RunningServer) -> None:
    """Though nothing is acknowledged."""
    texts = ["slow 1", "2", "3"]
    async with wamp(asked) as session:
        for text in texts:
            await publish_unacknowledged(session, "wsecho.room.open-wamp", text)
        await settled(lambda: kept(asked, "open-wamp"), texts)


async def publish_unacknowledged(session: Wamp, topic: str, text: str) -> None:
    """Say something whose answer nobody waits for."""
    with suppress(asyncio.CancelledError):
        await session.begin(PUBLISH, {}, topic, [text])


@pytest.mark.parametrize("carrier", WAITING, indirect=True)
def test_no_answer_in_time_is_no(asked: RunningServer) -> None:
    """Whatever is asked."""
    check(post(asked, "open-late", "late"), "away")
    check(get(asked, "/broadcast/late-room"), "away")


@played
async def test_the_end_of_a_server_leaves_nothing_open() -> None:
    """Questions are open while it stops: of a session, a reader and a message, on and off."""
    with running(*CARRIERS["deferreds"], *OPTIONS, "--drain", "3") as server:
        opened = [await v1(server, "open-end") for _ in range(3)]
        for socket in opened:
            await frame(socket)
            await socket.send(json.dumps({"type": "publish", "data": "slow"}))
        await opened[0].close()
        joining = asyncio.create_task(v1(server, "slow-end").__aenter__())
        late = asyncio.create_task(asyncio.to_thread(post, server, "open-end", "late"))
        await settled(lambda: counted(server, "wsecho_door_connections_opened_total"), True)
        server.process.signal(signal.SIGTERM)
        await asyncio.gather(joining, late, return_exceptions=True)
        await asyncio.gather(*(socket.close() for socket in opened))
        await asyncio.to_thread(server.process.wait)
    for word in ("Traceback", "Unhandled", "fault"):
        assert word not in server.process.output, server.process.output


def counted(server: RunningServer, name: str) -> bool:
    """Whether a metric is there."""
    return name in get(server, "/metrics").text


def test_what_was_asked_is_counted(asked: RunningServer, carrier: str) -> None:
    """How often, how long, and what came of it; whatever was asked before."""
    fault = "unavailable" if carrier == "http" else "internal"
    for word in ("hello", "no", "away", "broken", "drop"):
        post(asked, "open-count", word)
    text = get(asked, "/metrics").text
    for line in (
        'wsecho_question_seconds_count{question="publishing"}',
        'wsecho_questions_refused_total{code="forbidden",question="publishing"}',
        'wsecho_questions_failed_total{code="unavailable",question="publishing"}',
        f'wsecho_questions_failed_total{{code="{fault}",question="publishing"}}',
        "wsecho_messages_dropped_total",
    ):
        assert line in text, text


@played
async def test_asyncio_has_awaitables_of_its_own() -> None:
    """Where its loop runs the server: in order, and not longer than they may take."""
    asyncio_runs = (*twistd()[:1], "--reactor", "asyncio", *twistd()[1:])
    options = ("--app", "tests.support.asked:Tasks", "--ask-timeout", "2")
    with running(*options, program=asyncio_runs) as server:
        async with websockets.connect(server.ws("/broadcast/a?self=0")) as raw:
            for text in ("slow 1", "2", "shout three"):
                await raw.send(text)
            heard = ["1 heard 'slow 1'", "1 heard '2'", "THREE"]
            await settled(lambda: kept(server, "a"), heard)
        check(post(server, "a", "no"), "no")
        check(post(server, "a", "broken"), "broken")
        check(post(server, "a", "late"), "away")
