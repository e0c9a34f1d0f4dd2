# SPDX-License-Identifier: MIT
"""`scripts/testsuite --handshake`: the cases and their judging, by answers made up here."""

import re
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from _bench.rows import ALL_ROUND_PEERS
from _testsuite.cases import group_of, select, sort_key
from _testsuite.command import parse
from _testsuite.handshake import pages
from _testsuite.handshake.answer import Answer, accept_of
from _testsuite.handshake.case import KEY, Case, Level, Place, Request, octet_by_octet, request
from _testsuite.handshake.comparing import PEERS
from _testsuite.handshake.deflate import problem
from _testsuite.handshake.frames import PROBE, close, echoes, masked
from _testsuite.handshake.judging import Judged, judge
from _testsuite.handshake.running import Ran, catalogue
from _testsuite.handshake.tables import CASES, GROUPS
from _testsuite.handshake.writing import put_into, write
from _testsuite.results import Verdict
from hypothesis import given
from hypothesis import strategies as st
from tests.support.documents import DOCS, prose

from wsecho.core.websocket.deflate import choose

PLACE = Place("localhost:80", "/echo")
STATUSES = (400, 403, 405, 414, 426)
OF_ERRORS = "Allow: GET\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: close\r\n"


def switching(case: Case, *more: str, without: str = "", line: str = "101 Fine") -> bytes:
    """The answer that opens, with further lines, or without one."""
    lines = ["Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Accept: {accept_of(case.request.key)}", *more]
    kept = [each for each in lines if not (without and each.startswith(without))]
    return "".join(f"{each}\r\n" for each in (f"HTTP/1.1 {line}", *kept, "")).encode()


def opened(case: Case, *more: str, without: str = "", line: str = "101 Fine") -> Answer:
    """A connection that echoes."""
    return Answer(switching(case, *more, without=without, line=line), echoed=True)


def refused(status: int, headers: str = OF_ERRORS, content: bytes = b"") -> Answer:
    """An error, and the end."""
    return Answer(f"HTTP/1.1 {status} No\r\n{headers}\r\n".encode() + content, ended=True)


def answers(case: Case) -> Iterator[Answer]:
    """Whatever a server may come up with, good and bad."""
    yield opened(case)
    yield Answer(switching(case))
    yield Answer(switching(case), ended=True)
    yield opened(case, without="Upgrade")
    yield opened(case, without="Sec-WebSocket-Accept")
    yield opened(case, "Content-Length: 0")
    yield opened(case, line="101")
    yield opened(case, "no header field")
    yield opened(case, f"Sec-WebSocket-Accept: {accept_of(case.request.key)}")
    yield opened(case, "Sec-WebSocket-Protocol: other")
    yield opened(case, "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: superchat")
    yield opened(case, "Sec-WebSocket-Extensions: x-other")
    yield Answer(switching(case) + b"HTTP/1.1 200 OK\r\n\r\n", echoed=True)
    yield Answer(b"HTTP/1.1 200 OK\r\n\r\n" + switching(case))
    yield from (refused(status) for status in STATUSES)
    yield from (refused(status, "") for status in STATUSES)
    yield refused(400, content=b"No")
    yield Answer()
    yield Answer(ended=True)
    yield Answer(b"\0\0\6\4\0\0\0\0\0")


def test_each_case_can_be_passed_and_failed() -> None:
    """Else it tests nothing."""
    for case in CASES.values():
        came = {judge(case, answer).behavior for answer in answers(case)}
        best = Verdict.INFORMATIONAL if case.level is Level.MAY else Verdict.OK
        assert best in came, case.id
        assert {verdict for verdict in came if not verdict.passes}, case.id
        assert (Verdict.OK in came) is (case.level is not Level.MAY), case.id


def test_each_case_says_what_it_stands_on() -> None:
    """The RFC and its section, in words of its own; and it has a table."""
    for case in CASES.values():
        assert re.match(r"RFC \d{4} \d+(\.\d+)*\b", case.rfc), case.id
        assert case.says.endswith("."), case.id
        assert case.title, case.id
        assert group_of(case.id) in GROUPS


def test_there_are_many_all_different() -> None:
    """In the order of their numbers, by title and by what is sent."""
    assert len(CASES) > 180
    assert sorted(CASES, key=sort_key) == list(CASES) == select(catalogue(), "*")
    assert len({(group_of(case.id), case.title) for case in CASES.values()}) == len(CASES)
    plain = request().octets(PLACE)
    others = [case for case in CASES.values() if case.request.octets(PLACE) != plain]
    known = [
        case.id
        for case in CASES.values()
        if case not in others and group_of(case.id) not in {"1", "11"}
    ]
    assert known == []


def test_a_good_request() -> None:
    """Octet by octet, for a server with a query in its URL."""
    place = Place("[::1]:9000", "/echo?a=b", "https")
    assert request().octets(place) == (
        b"GET /echo?a=b HTTP/1.1\r\nHost: [::1]:9000\r\n"
        b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert CASES["2.23"].request.octets(place).startswith(b"GET /echo?a=b&handshake=a%20b%2Fc ")
    assert CASES["2.20"].request.octets(place).startswith(b"GET https://[::1]:9000/echo?a=b ")


def test_a_request_is_sent_in_its_pieces() -> None:
    """All of it, whatever the pieces."""
    for case in CASES.values():
        octets = case.request.octets(PLACE)
        assert b"".join(case.pieces(octets)) == octets
    assert octet_by_octet(b"abc") == [b"a", b"b", b"c"]


def verdict(case: str, answer: Answer) -> str:
    """What a case comes to, in a word."""
    return judge(CASES[case], answer).behavior


FIRST = CASES["1.1"]
BAD = ("1.1", "2.2", "2.8", "2.10", "2.16", "3.1", "9.10", "10.1", "11.4", "11.7", "12.4")


@pytest.mark.parametrize(
    ("answer", "expected"),
    {
        "opened": (opened(FIRST), "OK FAILED NON FAILED INFO FAILED OK OK OK FAILED FAILED"),
        "bad accept": (
            opened(CASES["1.2"]),
            "FAILED FAILED NON FAILED FAILED FAILED FAILED FAILED NON FAILED FAILED",
        ),
        "no echo": (
            Answer(switching(FIRST)),
            "FAILED FAILED NON FAILED FAILED FAILED FAILED FAILED NON FAILED FAILED",
        ),
        "400": (refused(400), "FAILED OK OK OK INFO OK NON OK INFO OK OK"),
        "500": (refused(500), "FAILED NON NON NON NON NON NON NON INFO OK NON"),
        "404": (refused(404), "FAILED OK OK OK INFO NON NON OK INFO OK OK"),
        "200": (
            Answer(b"HTTP/1.1 200 Yes\r\n\r\n"),
            "FAILED NON NON OK INFO NON FAILED OK INFO OK NON",
        ),
        "ends": (Answer(ended=True), "FAILED NON NON NON NON NON NON NON INFO OK NON"),
        "silent": (
            Answer(),
            "FAILED FAILED NON FAILED FAILED FAILED FAILED FAILED FAILED OK FAILED",
        ),
        "half a head": (
            Answer(b"HTTP/1.1 40"),
            "FAILED FAILED NON FAILED FAILED FAILED FAILED FAILED FAILED OK FAILED",
        ),
        "HTTP of a kind": (
            Answer(b"HTTP/1.1 OK\r\n\r\n", ended=True),
            "FAILED FAILED NON FAILED FAILED FAILED FAILED FAILED FAILED FAILED FAILED",
        ),
        "no HTTP": (
            Answer(b"SSH-2.0-x\r\n", ended=True),
            "FAILED FAILED NON FAILED FAILED FAILED FAILED FAILED FAILED FAILED FAILED",
        ),
    }.values(),
)
def test_what_an_answer_comes_to(answer: Answer, expected: str) -> None:
    """By the level, but for refusals in an odd form, and for what no level allows."""
    short = {Verdict.NON_STRICT: "NON", Verdict.INFORMATIONAL: "INFO"}
    came = [judge(CASES[case], answer).behavior for case in BAD]
    told = dict(zip(BAD, [short.get(each, str(each)) for each in came], strict=True))
    assert told == dict(zip(BAD, expected.split(), strict=True))


@pytest.mark.parametrize(
    ("case", "answer", "expected"),
    [
        ("1.3", opened(FIRST, "Transfer-Encoding: chunked"), "FAILED"),
        ("1.3", refused(400), "FAILED"),
        ("1.4", opened(FIRST, line="101 "), "OK"),
        ("1.4", opened(FIRST, line="101"), "FAILED"),
        ("1.5", opened(FIRST, "X : y"), "FAILED"),
        ("1.5", opened(FIRST, "X: caf\xe9"), "OK"),
        ("2.4", refused(405), "OK"),
        ("2.4", refused(405, ""), "FAILED"),
        ("2.4", refused(400, ""), "OK"),
        ("2.5", refused(405, "Content-Length: 2\r\n"), "OK"),
        ("2.5", refused(405, "Content-Length: 2\r\n", b"No"), "FAILED"),
        ("2.13", Answer(b"\0\0\6\4\0\0\0\0\0"), "OK"),
        ("3.14", refused(403), "INFORMATIONAL"),
        ("3.14", refused(400), "NON-STRICT"),
        ("5.14", refused(426), "OK"),
        ("5.14", refused(400, ""), "FAILED"),
        ("5.14", refused(400, "Sec-WebSocket-Version: 8, 13\r\n"), "OK"),
        ("5.15", refused(426, "Sec-WebSocket-Version: 13\r\n"), "FAILED"),
        ("5.15", refused(426, "Upgrade: h2c, websocket\r\n"), "OK"),
        ("7.7", opened(CASES["7.7"], "Sec-WebSocket-Protocol: smuggled"), "FAILED"),
        ("7.8", Answer(), "INFORMATIONAL"),
        ("8.1", opened(FIRST, "Sec-WebSocket-Protocol: chat"), "OK"),
        ("8.1", opened(FIRST, "Sec-WebSocket-Protocol: Chat"), "FAILED"),
        ("8.2", opened(FIRST, "Sec-WebSocket-Protocol: chat, superchat"), "FAILED"),
        ("8.6", opened(FIRST, "Sec-WebSocket-Protocol: superchat"), "OK"),
        ("9.2", opened(FIRST, "Sec-WebSocket-Extensions: permessage-deflate"), "OK"),
        ("9.10", opened(FIRST, "Sec-WebSocket-Extensions: permessage-deflate"), "FAILED"),
        ("10.4", refused(431), "NON-STRICT"),
        ("10.4", refused(414), "OK"),
        ("11.5", Answer(ended=True), "OK"),
        ("11.6", Answer(b"HTTP/1.1 200 OK\r\n\r\n" + switching(FIRST)), "INFORMATIONAL"),
        ("11.9", Answer(), "NON-STRICT"),
        ("11.9", refused(400), "OK"),
        ("12.2", Answer(switching(FIRST), ended=True), "FAILED"),
        ("12.5", refused(501), "OK"),
    ],
)
def test_what_some_cases_look_at(case: str, answer: Answer, expected: str) -> None:
    """Beyond whether it opens."""
    assert verdict(case, answer) == expected


@pytest.mark.parametrize(
    ("case", "headers", "ended", "expected"),
    [
        ("2.2", "Connection: close\r\n", False, "FAILED"),
        ("2.2", "Connection: keep-alive, Close\r\n", False, "FAILED"),
        ("2.2", "Connection: close\r\n", True, "OK"),
        ("2.2", "", False, "OK"),
        ("12.4", "", False, "FAILED"),
        ("12.4", "", True, "OK"),
    ],
)
def test_who_has_to_end_the_connection_ends_it(
    case: str, headers: str, ended: bool, expected: str
) -> None:
    """Because the answer says so, or because nobody knows where the next request would begin."""
    octets = f"HTTP/1.1 400 No\r\n{headers}\r\n".encode()
    assert judge(CASES[case], Answer(octets, ended)).closing == expected


def test_interim_answers_are_read_over() -> None:
    """RFC 9110 section 15.2: any number of them comes before the final one."""
    early = b"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
    assert verdict("12.12", Answer(early + switching(FIRST), echoed=True)) == "INFORMATIONAL"
    assert Answer(early).head is None


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("permessage-deflate", ""),
        ("permessage-deflate", "permessage-deflate"),
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=8"),
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover"),
        ("permessage-deflate", "permessage-deflate; client_no_context_takeover"),
        (
            "permessage-deflate; client_max_window_bits=9",
            "permessage-deflate;client_max_window_bits=15",
        ),
        (
            'permessage-deflate; server_max_window_bits="1\\0"',
            'permessage-deflate; server_max_window_bits="9"',
        ),
        (
            "permessage-deflate; server_max_window_bits=7, permessage-deflate",
            "permessage-deflate",
        ),
        ('a; b="c, d;e", f', "f, a"),
        ("Permessage-Deflate", "permessage-deflate"),
    ],
)
def test_answers_that_fit_an_offer(offered: str, answered: str) -> None:
    """RFC 7692 sections 7.1.1 and 7.1.2."""
    assert problem([offered], [answered] if answered else []) is None


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("", "permessage-deflate"),
        ("permessage-deflate", "x-other"),
        ("permessage-deflate", "permessage-deflate; client_max_window_bits=10"),
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits",
        ),
        ("permessage-deflate; server_no_context_takeover", "permessage-deflate"),
        ("permessage-deflate; server_max_window_bits=10", "permessage-deflate"),
        (
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=11",
        ),
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=08"),
        ("permessage-deflate", "permessage-deflate; level=9"),
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover=1"),
        (
            "permessage-deflate",
            "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
        ),
        ("permessage-deflate; server_max_window_bits", "permessage-deflate"),
        (
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover",
        ),
    ],
)
def test_answers_that_do_not(offered: str, answered: str) -> None:
    """As no client could go on."""
    assert problem([offered], [answered]) is not None


PARAMETERS = st.lists(
    st.sampled_from(
        [
            "server_no_context_takeover",
            "client_no_context_takeover",
            *(
                f"{side}_max_window_bits={bits}"
                for side in ("server", "client")
                for bits in (9, 13)
            ),
            "client_max_window_bits",
            "server_max_window_bits=7",
        ]
    ),
    max_size=4,
)


@given(st.lists(PARAMETERS, max_size=3), st.booleans())
def test_what_our_server_agrees_to_fits(offers: list[list[str]], keeps_window: bool) -> None:
    """Two writings of one section, of which neither knows the other."""
    offered = ["; ".join(["permessage-deflate", *parameters]) for parameters in offers]
    chosen = choose(offered)
    answered = [] if chosen is None else [str(chosen.agree(keeps_window=keeps_window))]
    assert problem(offered, answered) is None


def frame(payload: bytes, first: int = 0x81) -> bytes:
    """A server's frame."""
    return bytes((first, len(payload))) + payload


def deflated(payload: bytes) -> bytes:
    """A message as RFC 7692 section 7.2.1 has it."""
    packer = zlib.compressobj(wbits=-9)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (frame(PROBE), True),
        (frame(b"hi") + frame(PROBE), True),
        (frame(PROBE[:4], 1) + frame(b"", 0x89) + frame(PROBE[4:], 0x80), True),
        (frame(deflated(PROBE), 0xC1), True),
        (b"\x81\x7e\0\x14" + PROBE, True),
        (b"\x81\x7f" + bytes(7) + b"\x14" + PROBE, True),
        (frame(PROBE)[:-1], False),
        (frame(PROBE, 1), False),
        (frame(PROBE, 0x89), False),
        (frame(PROBE + b"!"), False),
        (frame(PROBE, 0xC1), False),
        (masked(PROBE), False),
        (b"", False),
        (b"\x81\x7e\0", False),
        (close(), False),
    ],
    # What is masked differs from process to process, and names must not.
    ids=map(str, range(15)),
)
def test_an_echo_is_found(octets: bytes, expected: bool) -> None:
    """Whole or in fragments, compressed or not; a server masks nothing."""
    assert echoes(octets) is expected


@given(st.binary())
def test_whatever_comes_is_judged(octets: bytes) -> None:
    """Nothing that a server sends is too much for the suite."""
    assert echoes(octets) in {True, False}
    for answer in (Answer(octets), Answer(b"HTTP/1.1 " + octets + b"\r\n\r\n", ended=True)):
        assert judge(FIRST, answer).behavior is Verdict.FAILED


def test_a_page_shows_octets(tmp_path: Path) -> None:
    """Those that cannot be seen, too, and nothing of them as HTML."""
    case = CASES["7.10"]
    answer = Answer(b"HTTP/1.1 400 <No>\r\n\r\n", ended=True)
    page = pages.write(tmp_path, case, PLACE, answer, judge(case, answer))
    text = page.read_text()
    assert "X-Test: a\\x00b\\r\\n\n" in text
    assert "400 &lt;No&gt;" in text
    assert page.with_suffix(".json").is_file()
    assert pages.visible(b"a" * 3_000).endswith("… and 1,000 octets more")


def test_a_result_is_as_the_report_has_it(tmp_path: Path) -> None:
    """Its code is HTTP's status; one without an answer may be tried again."""
    from _testsuite.handshake.driving import Driver  # noqa: PLC0415

    driver = Driver("ws://localhost:80/echo")
    ran = Ran(FIRST, opened(FIRST), judge(FIRST, opened(FIRST)), 0.5)
    result = ran.result(driver, tmp_path)
    assert (result.verdict, result.remote_close_code, result.duration) == ("OK", 101, 500)
    assert not result.out_of_time
    assert Ran(FIRST, Answer(), judge(FIRST, Answer()), 5).result(driver, tmp_path).out_of_time


def rows(text: str) -> list[list[str]]:
    """The cells of each case's row."""
    lines = [line for line in text.splitlines() if re.match(r"\| \d+\.\d+ ", line)]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_tables_of_the_documentation_have_these_cases() -> None:
    """Each with what is right, its level and where it says so, and a cell for each server."""
    text = prose(DOCS / "reference/handshakes.md")
    # Another day's run may judge otherwise, but not of other cases.
    made = write({"x": dict.fromkeys(CASES, judge(FIRST, Answer()))}, {}, date(2026, 11, 3))
    assert len(rows(made)) == len(CASES)
    assert [row[0] for row in rows(text)] == [row[0] for row in rows(made)]
    assert {len(row) for row in rows(text)} == {1 + 1 + len(PEERS)}
    heads = re.findall(r"^\| case, and what is right \| (.*) \|$", text, re.MULTILINE)
    assert set(heads) == {" | ".join(["wsecho", *PEERS])}
    assert set(PEERS.values()) <= set(ALL_ROUND_PEERS)


def test_no_row_of_ours_is_anything_but_passed() -> None:
    """What is bold or in italics was missed."""
    ours = [row[1] for row in rows(prose(DOCS / "reference/handshakes.md"))]
    assert len(ours) == len(CASES)
    assert [cell for cell in ours if not cell or "*" in cell] == []


def test_a_page_is_written_between_its_marks() -> None:
    """Versions, counts, and what was missed in bold or in italics."""
    judged = Judged(Verdict.FAILED, Verdict.OK, "opens", "101", 101)
    soft = Judged(Verdict.NON_STRICT, Verdict.OK, "ends", "ends", None)
    stays = Judged(Verdict.OK, Verdict.FAILED, "answers 400", "400", 400)
    ran = {"a": dict.fromkeys(CASES, judged), "b": dict.fromkeys(CASES, soft)}
    ran["c"] = dict.fromkeys(CASES, stays)
    written = write(ran, {"a": "1.0"}, date(2026, 11, 3))
    page = put_into("x\n<!-- handshakes: from here -->\nformerly\n<!-- to here -->\ny", written)
    assert "formerly" not in page
    assert "Run on 3 November 2026." in page
    assert f"| a | 1.0 | 0 | 0 | 0 | {len(CASES)} |" in page
    assert "| **101** | *ends* | **400, stays** |" in page
    with pytest.raises(ValueError, match="marks"):
        put_into("no marks", written)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--handshake", "--client", "x {url}"],
        ["--handshake", "--original"],
        ["--compare", "page.md"],
        ["--handshake", "--compare", "page.md", "--url", "ws://localhost"],
    ],
)
def test_what_does_not_go_together(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says so."""
    with pytest.raises(SystemExit):
        parse(arguments)
    assert "--handshake" in capsys.readouterr().err


def test_a_key_is_found_as_the_server_has_to_find_it() -> None:
    """Without white space, and behind a fold."""
    assert CASES["6.14"].request.key == CASES["7.21"].request.key == KEY
    assert Request("GET / HTTP/1.1", ()).key == ""
    assert CASES["8.3"].request.subprotocols == {"chat", "superchat", "v1"}
