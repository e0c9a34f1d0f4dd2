# SPDX-License-Identifier: MIT
"""What is forwarded is signed: each part of it, for one node, for now, once."""

from typing import Any

import pytest
from attrs import define, evolve, field
from hypothesis import given
from hypothesis import strategies as st

from wsecho.access.signatures import (
    MAX_NONCES,
    MIN_SECRET,
    WINDOW,
    BadSignatureError,
    Signed,
    Verifier,
    read_secret,
    sign_request,
)

KEY = b"k" * 32
NONCE = "n" * 16
REQUEST = Signed(
    node="a",
    method="POST",
    target="/lp/a.x/send?seq=1",
    fields=("application/json", ""),
    body=b"[]",
)


@define
class Receiver:
    """A node that takes what is signed."""

    key: bytes = KEY
    now: float = 1_760_000_000.0
    passed: float = 0.0
    verifier: Verifier = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.verifier = Verifier(lambda: self.key, lambda: self.now, lambda: self.passed)

    def wait(self, seconds: float) -> None:
        """Let time pass, by either clock."""
        self.now += seconds
        self.passed += seconds

    def line(self, request: Signed = REQUEST, **more: Any) -> str:
        """What another node says at this moment."""
        given = {"client": "192.0.2.1:5", "now": self.now, "nonce": NONCE, **more}
        return sign_request(
            request, more.pop("key", KEY), **{k: given[k] for k in ("client", "now", "nonce")}
        )

    def refuses(self, line: str, request: Signed = REQUEST) -> str:
        """Why a line is not taken."""
        with pytest.raises(BadSignatureError) as caught:
            self.verifier.verify(request, line)
        return caught.value.cause


@given(st.text(max_size=60), st.binary(max_size=50), st.text(max_size=50))
def test_what_is_signed_is_taken(client: str, body: bytes, target: str) -> None:
    """With the client's address, whatever it looks like."""
    receiver, request = Receiver(), evolve(REQUEST, body=body, target=target)
    client = client.encode(errors="replace").decode()
    line = receiver.line(request, client=client)
    assert line.isascii()
    assert receiver.verifier.verify(request, line) == client


@given(
    st.sampled_from(["node", "method", "target", "body"]), st.text(min_size=1), st.integers(0, 99)
)
def test_whatever_is_changed_is_refused(name: str, text: str, at: int) -> None:
    """A part of the request, or of the line itself."""
    receiver = Receiver()
    line = receiver.line()
    before = getattr(REQUEST, name)
    changed: Any = text.encode(errors="replace") if name == "body" else text
    if changed != before:
        assert receiver.refuses(line, evolve(REQUEST, **{name: changed})) == "secret"
    at %= len(line)
    bent = line[:at] + ("A" if line[at] != "A" else "B") + line[at + 1 :]
    assert receiver.refuses(bent) == "secret"
    assert receiver.verifier.verify(REQUEST, line) == "192.0.2.1:5"


def test_parts_cannot_move_into_their_neighbours() -> None:
    """Neither header fields nor the path."""
    receiver = Receiver()
    line = receiver.line(evolve(REQUEST, fields=("a", "b")))
    for fields in (("ab", ""), ("", "ab"), ("b", "a"), ("a",), ("a", "b", "")):
        assert receiver.refuses(line, evolve(REQUEST, fields=fields)) == "secret"


@pytest.mark.parametrize("line", ["", "v1", "v2;time=1.000;nonce=x;client=;mac=y", "mac=" * 9999])
def test_nonsense_is_refused(line: str) -> None:
    """Like another secret."""
    assert Receiver().refuses(line) == "secret"


def test_another_secret_is_refused_until_it_is_the_same() -> None:
    """The key is asked for each time: it may be read again."""
    receiver = Receiver(key=b"other" * 7)
    line = receiver.line()
    assert receiver.refuses(line) == "secret"
    receiver.key = KEY
    assert receiver.verifier.verify(REQUEST, line)


@pytest.mark.parametrize("shift", [-WINDOW - 1, WINDOW + 1])
def test_another_time_is_refused(shift: float) -> None:
    """Too early or too late, it says that it is the clock."""
    receiver = Receiver()
    assert receiver.refuses(receiver.line(now=receiver.now + shift)) == "clock"


def test_nothing_is_taken_twice() -> None:
    """For as long as its time would let it."""
    receiver = Receiver()
    line = receiver.line(now=receiver.now + WINDOW)
    receiver.verifier.verify(REQUEST, line)
    for _ in range(4):
        assert receiver.refuses(line) == "replay"
        receiver.wait(WINDOW / 2)
        # Others come meanwhile, and what is old is forgotten.
        receiver.verifier.verify(REQUEST, receiver.line(nonce=f"{receiver.now:020.0f}"))
    receiver.wait(WINDOW)
    assert receiver.refuses(line) == "clock"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than taken twice, more is refused; later there is place again."""
    assert MAX_NONCES > 2 * WINDOW * 4000
    monkeypatch.setattr("wsecho.access.signatures.MAX_NONCES", 3)
    receiver = Receiver()
    for number in range(3):
        receiver.verifier.verify(REQUEST, receiver.line(nonce=f"{number:016}"))
    assert receiver.refuses(receiver.line(nonce="x" * 16)) == "replay"
    receiver.wait(2 * WINDOW + 1)
    receiver.verifier.verify(REQUEST, receiver.line(nonce="y" * 16))


@pytest.mark.parametrize("moved", [3600.0, -3600.0])
def test_what_is_remembered_goes_in_its_time(moved: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is set back does not have lines pile up, nor one set forward forget them."""
    monkeypatch.setattr("wsecho.access.signatures.MAX_NONCES", 2)
    receiver = Receiver()
    line = receiver.line()
    receiver.verifier.verify(REQUEST, line)
    receiver.now += moved
    receiver.verifier.verify(REQUEST, receiver.line(nonce="y" * 16))
    receiver.now -= moved
    assert receiver.refuses(line) == "replay"
    receiver.now += moved
    receiver.wait(2 * WINDOW + 1)
    receiver.verifier.verify(REQUEST, receiver.line(nonce="z" * 16))


def test_a_secrets_file() -> None:
    """Space around it is none of it."""
    assert read_secret(b"  " + KEY + b"\n") == KEY
    with pytest.raises(ValueError, match=f"at least {MIN_SECRET} bytes"):
        read_secret(b" " * 40 + b"short\n")
