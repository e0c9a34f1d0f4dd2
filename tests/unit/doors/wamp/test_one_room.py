# SPDX-License-Identifier: MIT
"""One room through two doors: whatever its members do, they hear one order."""

from base64 import b64decode, b64encode

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from websockets.frames import Opcode

from tests.unit.doors.wamp.harness import FORMS, ROOM, Wamp, make_server

PAYLOADS = st.text(max_size=5) | st.text("\0x", max_size=3) | st.binary(max_size=5)


class OneRoom(RuleBasedStateMachine):
    """A raw WebSocket, WAMP members of each form, and the list of what was said."""

    @initialize(form=st.sampled_from(FORMS))
    def open(self, form: str) -> None:
        """Both join."""
        self.server = make_server()
        self.raw = self.server.open("/broadcast/a")
        self.said: list[str | bytes] = []
        self.raw_heard: list[str | bytes] = []
        self.wamp_heard: list[str | bytes] = []
        self.positions: list[int] = []
        self.epochs: set[str] = set()
        self.join(form)

    def join(self, form: str) -> None:
        """Open a WAMP session and subscribe."""
        self.form = form
        self.wamp = Wamp.join(self.server, form)
        self.requests = 1
        self.subscription = self.wamp.subscribe(ROOM)

    @rule(payload=PAYLOADS)
    def raw_speaks(self, payload: str | bytes) -> None:
        """Over the raw door."""
        self.said.append(payload)
        if isinstance(payload, str):
            self.raw.text(payload)
        else:
            self.raw.binary(payload)

    @rule(payload=PAYLOADS, acknowledge=st.booleans())
    def wamp_speaks(self, payload: str | bytes, acknowledge: bool) -> None:
        """Over WAMP, to itself too."""
        self.said.append(payload)
        self.requests += 1
        options = {"exclude_me": False, "acknowledge": acknowledge}
        self.wamp.say([16, self.requests, options, ROOM, *self._written(payload)])

    @rule(form=st.sampled_from(FORMS), payloads=st.lists(PAYLOADS, max_size=3))
    def wamp_is_lost_and_resumes(self, form: str, payloads: list[str | bytes]) -> None:
        """What was said meanwhile is had from the history."""
        self.wamp.client.peer.front.connectionLost()
        for payload in payloads:
            self.raw_speaks(payload)
        self.join(form)
        [epoch] = self.epochs or {str(self.server.rooms.hub.read("a", 0).position).split(":")[0]}
        after = f"{epoch}:{self.positions[-1] if self.positions else 0}"
        self.requests += 1
        self.wamp.say(
            [48, self.requests, {}, "wamp.subscription.get_events", [self.subscription],
             {"after_position": after}]
        )  # fmt: skip
        [[_, _, _, events, keywords]] = self.wamp.heard()
        assert keywords["recovered"] is True
        for event in events:
            self._take(event["args"], event["kwargs"])

    @invariant()
    def both_heard_the_same(self) -> None:
        """The same messages, of the same kind, in the same order."""
        for frame in self.raw.take():
            data = bytes(frame.data)
            self.raw_heard.append(data.decode() if frame.opcode is Opcode.TEXT else data)
        for message in self.wamp.heard():
            if message[0] == 36:
                self._take(message[4], message[5])
        assert self.raw_heard == self.said
        assert self.wamp_heard == self.said
        assert self.positions == list(range(1, len(self.said) + 1))
        assert len(self.epochs) <= 1

    def _take(self, args: list[str | bytes], kwargs: dict[str, str]) -> None:
        [payload] = args
        if "json" in self.form and isinstance(payload, str) and payload.startswith("\0"):
            payload = b64decode(payload[1:], validate=True)
        if kwargs.get("text"):
            assert isinstance(payload, bytes)
            payload = payload.decode()
        self.wamp_heard.append(payload)
        epoch, offset = kwargs["position"].split(":")
        self.epochs.add(epoch)
        self.positions.append(int(offset))

    def _written(self, payload: str | bytes) -> list[object]:
        is_text = isinstance(payload, str)
        if "json" not in self.form or (isinstance(payload, str) and not payload.startswith("\0")):
            return [[payload]]
        octets = payload.encode() if isinstance(payload, str) else payload
        return [["\0" + b64encode(octets).decode()], *([{"text": True}] if is_text else [])]


def test_both_doors_lead_into_one_room() -> None:
    """Whatever is said through either is heard at both, once and in order."""
    run_state_machine_as_test(OneRoom)
