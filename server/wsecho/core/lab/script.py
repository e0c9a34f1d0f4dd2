# SPDX-License-Identifier: MIT
"""The actions of a chain, one after the other: a generator that yields what it waits for."""

from collections.abc import Callable, Generator, Mapping
from typing import Final

from attrs import define, frozen

from wsecho.core.lab.chain import Chain, Step
from wsecho.core.lab.faults import Conduct
from wsecho.core.lab.messages import LabInbox
from wsecho.core.lab.observer import PROBE, Observer
from wsecho.core.lab.outflow import HalfEnd, pattern
from wsecho.core.lab.rules import RULES, Message
from wsecho.core.lab.sender import JUDGED, LabSender
from wsecho.core.lab.step_kind import Phase
from wsecho.core.websocket.frames import Opcode, encode_frame

_HALF: Final = encode_frame(Opcode.TEXT, b"cut in the middle")[:10]


@frozen
class Until:
    """The script waits until a moment."""

    moment: float


@frozen
class ForMessage:
    """The script waits for a message of the client's."""


@frozen
class ForRoom:
    """The script waits until there is room for what it sends."""


Need = Until | ForMessage | ForRoom
Script = Generator[Need]

_MESSAGE: Final = ForMessage()
ROOM: Final = ForRoom()


@define(eq=False)
class Stage:
    """What the actions are done with.

    Attributes:
        chain: what is to be done.
        sender: sends.
        inbox: what the client sent.
        observer: is told of pings.
        head: what the step `head` sends.
        has_closed: whether a Close was sent.
        has_ended: whether the chain has ended the connection, or begun to.
    """

    chain: Chain
    sender: LabSender
    inbox: LabInbox
    observer: Observer
    head: bytes
    has_closed: bool = False
    has_ended: bool = False

    def run(self) -> Script:
        """Do everything; then echo for ever, unless the chain has ended the connection."""
        script = self.chain.script
        place = next((n for n, step in enumerate(script) if step.name == "again"), None)
        if place is None:
            yield from self._do(script)
        else:
            for turn in range(script[place].value):
                # Modes hold already: a seed would begin the same chances again.
                before = script[:place]
                yield from self._do(before if not turn else tuple(filter(_is_action, before)))
            yield from self._do(script[place + 1 :])
        while not self.has_ended:
            yield _MESSAGE
            yield from self._answer_one()

    def _do(self, steps: tuple[Step, ...]) -> Script:
        for step in steps:
            if _is_action(step):
                yield from _ACTIONS[step.name](self, step)
            else:
                self.sender.modes.apply(step)

    def wait(self, step: Step) -> Script:
        """Wait."""
        yield Until(self.sender.now + step.value)

    def send(self, step: Step) -> Script:
        """Send a message."""
        yield from self._send((step.value, step.name == "send-hex"))

    def send_size(self, step: Step) -> Script:
        """Send a message of so many octets, which are made as they go unless compressed."""
        sender, is_binary = self.sender, step.name == "send-binary-size"
        if sender.compresses or sender.modes.reorder:
            yield from self._send((pattern(0, step.value), is_binary))
            return
        sender.counts.messages_out += 1
        for _ in sender.modes.order((b"", is_binary), sender.now):
            for entry in sender.modes.filled(step.value, is_binary=is_binary):
                yield ROOM
                sender.push_entry(entry)

    def stream(self, step: Step) -> Script:
        """Send the texts 1 to N, so far apart."""
        number, apart = step.value
        begun = self.sender.now
        for n in range(number):
            yield Until(begun + n * apart)
            yield from self._send((str(n + 1).encode(), False))

    def control(self, step: Step) -> Script:
        """Send a ping or a pong."""
        yield ROOM
        if step.name == "ping":
            self.observer.watcher.pinged(step.value)
        opcode = Opcode.PING if step.name == "ping" else Opcode.PONG
        self.sender.push(encode_frame(opcode, step.value))

    def echo(self, step: Step) -> Script:
        """Answer so many messages."""
        for _ in range(step.value):
            yield _MESSAGE
            yield from self._answer_one()

    def read(self, step: Step) -> Script:
        """Read so many messages and answer none."""
        for _ in range(step.value):
            yield _MESSAGE
            self.inbox.take()

    def send_head(self, _: Step) -> Script:
        """Send what the request was."""
        yield from self._send((self.head, False))

    def send_raw(self, step: Step) -> Script:
        """Send octets as they are."""
        yield ROOM
        self.sender.push(step.value)

    def break_rule(self, step: Step) -> Script:
        """Break a rule; see by a ping whether what is legal was taken."""
        yield from self._release()
        rule, sender = RULES[step.value], self.sender
        for payload in rule.pings:
            self.observer.watcher.pinged(payload)
        sender.push(rule.compose(sender.bounds.step), mark=JUDGED)
        if rule.deflates:
            sender.begin_window()
        if rule.expected.should is Conduct.TAKE:
            self.observer.watcher.pinged(PROBE)
            sender.push(encode_frame(Opcode.PING, PROBE))
        if rule.ends:
            self.has_closed = self.has_ended = True

    def close(self, step: Step) -> Script:
        """Send a Close."""
        yield from self._release()
        self.sender.push(encode_frame(Opcode.CLOSE, step.value or b""))
        self.has_closed = self.has_ended = True

    def end(self, step: Step) -> Script:
        """End our half of the connection, or all of it."""
        yield from self._release()
        if step.name == "cut":
            self.sender.push(_HALF)
        self.sender.push_end(HalfEnd.RESET if step.name == "reset" else HalfEnd.FIN)
        self.has_ended = True

    def _answer_one(self) -> Script:
        waiting = self.inbox.take()
        is_described = self.sender.modes.json
        yield from self._send(waiting.described() if is_described else waiting.message)

    def _send(self, message: Message) -> Script:
        sender = self.sender
        sender.counts.messages_out += 1
        for one in sender.modes.order(message, sender.now):
            for frame in sender.frames(one):
                yield ROOM
                sender.push(frame)

    def _release(self) -> Script:
        yield ROOM
        self.sender.release()


def _is_action(step: Step) -> bool:
    return step.kind.phase is Phase.ACTION


_ACTIONS: Final[Mapping[str, Callable[[Stage, Step], Script]]] = {
    "wait": Stage.wait,
    "send": Stage.send,
    "send-hex": Stage.send,
    "send-size": Stage.send_size,
    "send-binary-size": Stage.send_size,
    "stream": Stage.stream,
    "ping": Stage.control,
    "pong": Stage.control,
    "echo": Stage.echo,
    "read": Stage.read,
    "head": Stage.send_head,
    "raw": Stage.send_raw,
    "break": Stage.break_rule,
    "close": Stage.close,
    "fin": Stage.end,
    "reset": Stage.end,
    "cut": Stage.end,
}
