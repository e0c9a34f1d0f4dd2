# SPDX-License-Identifier: MIT
"""`scripts/testsuite`: choosing, cutting, judging and merging, without a client or a server."""

import asyncio
import io
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from _shared.errors import CannotRunError
from _testsuite import served
from _testsuite.cases import Catalogue, group_of, select, sort_key
from _testsuite.command import parse, trouble
from _testsuite.fuzzing import follow, read_piece
from _testsuite.progress import Progress
from _testsuite.report import Heading, check_place, render, write
from _testsuite.results import Result, Verdict, summary
from _testsuite.schedule import cut, seconds
from _testsuite.server import check
from _testsuite.session import Settings, run, worth_a_second_try
from hypothesis import given
from hypothesis import strategies as st

IDS = [
    *(f"1.1.{n}" for n in range(1, 9)),
    *(f"2.{n}" for n in range(1, 12)),
    *(f"6.4.{n}" for n in range(1, 5)),
    *(f"9.1.{n}" for n in range(1, 7)),
    *(f"12.{group}.{n}" for group in range(1, 6) for n in range(1, 19)),
    *(f"13.{group}.{n}" for group in range(1, 8) for n in range(1, 19)),
]
CATALOGUE = Catalogue(
    dict.fromkeys(IDS, "Send <something>."), {"1": "Framing", "2": "Pings"}, {"1.1": "Text"}
)
IN_TIME: dict[str, object] = {"wirelog": [["RO", [2, "8800"]]]}


def entry(behavior: str = "OK", close: str = "OK") -> dict[str, object]:
    """What a client's index.json says of a case."""
    return {
        "behavior": behavior,
        "behaviorClose": close,
        "remoteCloseCode": 1000,
        "duration": 12,
        "reportfile": "wsecho_case_1_1_1.json",
    }


def client_reports(folder: Path, cases: dict[str, dict[str, object]]) -> None:
    """Leave in a folder what a client leaves there."""
    folder.mkdir()
    for case, said in cases.items():
        stem = f"wsecho_case_{case.replace('.', '_')}"
        said["reportfile"] = f"{stem}.json"
        (folder / f"{stem}.json").write_text(json.dumps(IN_TIME))
        (folder / f"{stem}.html").write_text(f"page of {case}")
    (folder / "index.json").write_text(json.dumps({"wsecho": cases}))


class TestCases:
    """Choosing cases."""

    def test_everything_is_ordered_by_number(self) -> None:
        """2.10 comes after 2.9."""
        chosen = select(CATALOGUE, "*")
        assert len(chosen) == len(IDS)
        assert chosen.index("2.10") == chosen.index("2.9") + 1

    @pytest.mark.parametrize(
        ("globs", "first", "number"),
        [
            ("1.1.*", "1.1.1", 8),
            ("2.1", "2.1", 1),
            ("9.*, 1.1.*", "1.1.1", 14),
            ("2.*,2.1", "2.1", 11),
            ("[1-9].*", "1.1.1", 29),
        ],
    )
    def test_globs_are_joined_by_commas(self, globs: str, first: str, number: int) -> None:
        """Several globs give each case once."""
        chosen = select(CATALOGUE, globs)
        assert chosen[0] == first
        assert len(chosen) == number

    @pytest.mark.parametrize("globs", ["99.*", "", "1.1.*,nonsense", "1.1.*,"])
    def test_a_glob_that_matches_nothing_is_an_error(self, globs: str) -> None:
        """It is named, in one line."""
        with pytest.raises(CannotRunError, match="no case matches") as error:
            select(CATALOGUE, globs)
        assert "\n" not in str(error.value)

    def test_a_group_is_a_case_without_its_last_number(self) -> None:
        """Ids have two numbers or three."""
        assert [group_of("9.1.6"), group_of("2.10")] == ["9.1", "2"]

    def test_a_group_has_the_testsuites_names(self) -> None:
        """Some groups have one name, some two, an unknown one none."""
        assert CATALOGUE.title("1.1") == "Framing: Text"
        assert CATALOGUE.title("2") == "Pings"
        assert CATALOGUE.title("77") == ""


class TestSchedule:
    """Cutting the case set into pieces."""

    @given(st.sets(st.sampled_from(IDS)), st.integers(1, 16))
    def test_each_case_is_in_one_piece(self, cases: set[str], jobs: int) -> None:
        """Nothing is lost, nothing runs twice, no piece is empty."""
        pieces = cut(cases, jobs)
        assert Counter(case for piece in pieces for case in piece) == Counter(cases)
        assert all(pieces)

    def test_the_heaviest_case_comes_first(self) -> None:
        """Nothing long is left for the end."""
        assert cut(IDS, 4)[0][0] == max(IDS, key=seconds)

    @pytest.mark.parametrize("jobs", [2, 4, 8])
    def test_clients_end_together(self, jobs: int) -> None:
        """Pulled one after the other, the pieces keep all clients busy to the end."""
        ends = [0.0] * jobs
        for piece in cut(IDS, jobs):
            ends[ends.index(min(ends))] += sum(map(seconds, piece))
        assert max(ends) < 1.05 * sum(ends) / jobs

    def test_there_are_few_pieces(self) -> None:
        """Starting a client costs processor time."""
        assert len(cut(IDS, 4)) < 50

    def test_costs_follow_the_longest_prefix(self) -> None:
        """6.4 waits, the rest of 6 is quick; big compressed messages are the heaviest."""
        assert seconds("6.1.1") < seconds("9.1.1") < seconds("6.4.1") < seconds("12.3.15")

    def test_an_unknown_case_has_a_cost(self) -> None:
        """Another version of the testsuite may know more of them."""
        assert seconds("12.9.99") > 0
        assert seconds("77.1") > 0


class TestResults:
    """Judging."""

    @pytest.mark.parametrize(
        ("behavior", "close", "verdict"),
        [
            ("OK", "OK", Verdict.OK),
            ("INFORMATIONAL", "INFORMATIONAL", Verdict.INFORMATIONAL),
            ("OK", "INFORMATIONAL", Verdict.INFORMATIONAL),
            ("NON-STRICT", "OK", Verdict.NON_STRICT),
            ("UNIMPLEMENTED", "OK", Verdict.UNIMPLEMENTED),
            ("OK", "UNCLEAN", Verdict.FAILED),
            ("OK", "WRONG CODE", Verdict.FAILED),
            ("OK", "FAILED BY CLIENT", Verdict.FAILED),
            ("UNIMPLEMENTED", "FAILED", Verdict.FAILED),
            ("word of a later version", "OK", Verdict.FAILED),
        ],
    )
    def test_the_worse_word_decides(self, behavior: str, close: str, verdict: Verdict) -> None:
        """A good behaviour does not make up for a bad close."""
        assert Result("1.1.1", behavior, close).verdict is verdict

    def test_only_ok_and_informational_pass(self) -> None:
        """The rest makes the exit status 1."""
        assert [word for word in Verdict if word.passes] == [Verdict.OK, Verdict.INFORMATIONAL]

    def test_a_case_without_a_report_failed(self) -> None:
        """A client that dies must not make its cases disappear."""
        assert Result.missing("1.1.1").verdict is Verdict.FAILED

    def test_the_summary_is_one_line(self) -> None:
        """It has the four common verdicts even when there are none."""
        results = [Result("1.1.1", "OK", "OK"), Result("7.1.6", "INFORMATIONAL", "OK")]
        assert summary(results) == "2 cases: 1 OK, 1 INFORMATIONAL, 0 NON-STRICT, 0 FAILED"

    def test_the_summary_names_what_is_unimplemented(self) -> None:
        """A server without compression should see why it did not pass."""
        assert summary([Result("12.1.1", "UNIMPLEMENTED", "OK")]).endswith(", 1 UNIMPLEMENTED")

    @pytest.mark.parametrize(
        ("detail", "late"),
        [
            (IN_TIME, False),
            ({"wasCloseHandshakeTimeout": True, "wirelog": []}, True),
            ({"wirelog": [["KL", 1], ["KLE"]]}, True),
            ({"wirelog": [["KL", 1]]}, False),
        ],
    )
    def test_a_time_out_is_noticed(self, detail: dict[str, object], late: bool) -> None:
        """Only a timer that ran out counts, not one that was set."""
        assert Result.parse("1.1.1", entry(), detail).out_of_time is late

    def test_time_outs_get_a_second_try(self) -> None:
        """A case that failed for another reason does not, nor one that passed."""
        results = [
            Result("2.10", "FAILED", "OK", out_of_time=True),
            Result("2.9", "OK", "UNCLEAN", out_of_time=True),
            Result("2.8", "FAILED", "OK"),
            Result("2.7", "OK", "OK", out_of_time=True),
        ]
        assert worth_a_second_try(results) == ["2.9", "2.10"]

    def test_many_time_outs_are_the_servers(self) -> None:
        """Trying them again would only take twice as long to say so."""
        assert worth_a_second_try([Result.missing(case) for case in IDS]) == []


class TestReport:
    """Merging what several clients wrote."""

    def test_a_piece_is_read(self, tmp_path: Path) -> None:
        """Each case has its verdicts and the page that the client wrote."""
        client_reports(tmp_path / "piece", {"1.1.1": entry("NON-STRICT")})
        [result] = read_piece(tmp_path / "piece", ["1.1.1"])
        assert (result.behavior, result.remote_close_code, result.duration) == (
            "NON-STRICT",
            1000,
            12,
        )
        assert result.page == str(tmp_path / "piece" / "wsecho_case_1_1_1.html")

    def test_a_client_that_died_leaves_missing_cases(self, tmp_path: Path) -> None:
        """With no report at all, and with one of some cases."""
        assert [result.behavior for result in read_piece(tmp_path, ["1.1.1", "2.1"])] == [
            "MISSING",
            "MISSING",
        ]
        client_reports(tmp_path / "piece", {"1.1.1": entry()})
        results = read_piece(tmp_path / "piece", ["1.1.1", "2.1"])
        assert [result.behavior for result in results] == ["OK", "MISSING"]

    def test_a_peer_with_several_names_is_one(self, tmp_path: Path) -> None:
        """A server that refuses a handshake does not say there what it is."""
        client_reports(tmp_path / "piece", {"1.1.1": entry(), "2.1": entry("ERROR")})
        index = tmp_path / "piece" / "index.json"
        cases = json.loads(index.read_text())["wsecho"]
        index.write_text(
            json.dumps({"127.0.0.1": {"2.1": cases["2.1"]}, "wsecho": {"1.1.1": cases["1.1.1"]}})
        )
        results = read_piece(tmp_path / "piece", ["1.1.1", "2.1"])
        assert [result.behavior for result in results] == ["OK", "ERROR"]

    def test_a_client_killed_while_it_writes_is_no_error(self, tmp_path: Path) -> None:
        """The index is there, a case's own file is not, or half of it."""
        client_reports(tmp_path / "piece", {"1.1.1": entry(), "2.1": entry()})
        (tmp_path / "piece" / "wsecho_case_1_1_1.json").unlink()
        (tmp_path / "piece" / "wsecho_case_2_1.json").write_text('{"wirelog": [')
        results = read_piece(tmp_path / "piece", ["1.1.1", "2.1"])
        assert [result.behavior for result in results] == ["MISSING", "MISSING"]

    def test_pieces_become_one_report(self, tmp_path: Path) -> None:
        """Both cases are in both indexes, and their links lead to their pages."""
        report = tmp_path / "report"
        self._write(tmp_path, report)
        html = (report / "index.html").read_text()
        links = re.findall(r'href="(cases/[^"]+)"', html)
        assert [(report / link).read_text() for link in links] == ["page of 1.1.1", "page of 2.1"]
        index = json.loads((report / "index.json").read_text())["wsecho"]
        assert list(index) == ["1.1.1", "2.1"]
        assert (report / index["2.1"]["reportfile"]).exists()

    def test_a_report_replaces_an_earlier_one(self, tmp_path: Path) -> None:
        """Nothing of the earlier one is left, and nothing beside it."""
        report = tmp_path / "report"
        (report / "cases").mkdir(parents=True)
        (report / "cases" / "old.html").touch()
        (report / "index.html").touch()
        check_place(report)
        self._write(tmp_path, report)
        assert not (report / "cases" / "old.html").exists()
        assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "report"}

    def test_a_folder_with_other_things_is_refused(self, tmp_path: Path) -> None:
        """`--report ~` must not delete anything."""
        (tmp_path / "thesis.tex").touch()
        with pytest.raises(CannotRunError, match=r"thesis\.tex"):
            check_place(tmp_path)

    def test_a_file_is_refused(self, tmp_path: Path) -> None:
        """A report is a folder."""
        (tmp_path / "file").touch()
        with pytest.raises(CannotRunError, match="Not a directory"):
            check_place(tmp_path / "file")

    def test_the_page_escapes_what_it_is_given(self) -> None:
        """Descriptions and URLs are text."""
        html = render(Heading("a<b", "ws://x/?<i>"), [Result("1.1.1", "OK", "OK")], CATALOGUE)
        assert "<something>" not in html
        assert "a<b" not in html
        assert "<i>" not in html

    def test_trouble_is_listed_on_top(self) -> None:
        """A missing case has no page to link to, but a row to jump to."""
        results = [Result("1.1.1", "OK", "OK"), Result.missing("1.1.2")]
        html = render(Heading("wsecho", ""), results, CATALOGUE)
        assert 'Did not pass:</strong> <a href="#c1.1.2">' in html
        assert 'id="c1.1.2"' in html

    @staticmethod
    def _write(tmp_path: Path, report: Path) -> None:
        client_reports(tmp_path / "a", {"1.1.1": entry()})
        client_reports(tmp_path / "b", {"2.1": entry()})
        results = read_piece(tmp_path / "a", ["1.1.1"]) + read_piece(tmp_path / "b", ["2.1"])
        write(report, Heading("wsecho", "about"), results, CATALOGUE, tmp_path / "no.log")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


class TestProgress:
    """What is seen meanwhile."""

    def test_a_terminal_has_one_line(self) -> None:
        """Each case overwrites the line; what comes after the run finds it empty."""
        out = Terminal()
        progress = Progress(["1.1.1", "1.1.2"], out, iter([0.0, 65.0, 66.0]).__next__)
        progress.case_done("1.1.1")
        progress.close()
        assert out.getvalue() == "\r1/2 cases, 50 % of the work, 1:05\x1b[K\r\x1b[K"

    def test_a_log_has_a_line_now_and_then(self) -> None:
        """A hundred cases in fifty seconds are two lines."""
        now = [0.0]
        out = io.StringIO()
        progress = Progress(["1.1.1"] * 100, out, lambda: now[0])
        for _ in range(100):
            now[0] += 0.5
            progress.case_done("1.1.1")
        progress.close()
        assert [line.split()[0] for line in out.getvalue().splitlines()] == ["40/100", "80/100"]

    def test_a_case_is_done_when_the_next_is_named(self) -> None:
        """Or when what runs them ends; what else it says is nobody's case."""
        done: list[str] = []

        async def told() -> bool:
            fuzzing = Fuzzing()
            fuzzing.stdout.feed_data(b"Ok, will run 2 test cases\nRunning test case ID 1.1.1\n")
            fuzzing.stdout.feed_data(b"Running test case ID 2.10 for agent x\n")
            fuzzing.stdout.feed_eof()
            return await follow(fuzzing, done.append)  # type: ignore[arg-type]

        assert asyncio.run(told())
        assert done == ["1.1.1", "2.10"]


class Fuzzing:
    """A process, as far as it is followed."""

    def __init__(self) -> None:
        self.stdout = asyncio.StreamReader()


class TestCommand:
    """The command line."""

    def test_options_after_the_dashes_go_to_the_server(self) -> None:
        """Even when they look like ours."""
        settings = parse(["--jobs", "3", "--", "--no-compression", "--report", "x"])
        assert settings.jobs == 3
        assert settings.server_options == ("--no-compression", "--report", "x")
        assert settings.url is None
        assert settings.cases == "*"

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--jobs", "0"],
            ["--jobs", "many"],
            ["--unknown"],
            ["1.*"],
            ["--report", "~0"],
            ["--url", "ws://127.0.0.1:1", "--", "--no-compression"],
            ["--client", "x {url}", "--", "--no-compression"],
            ["--client", "x {url}", "--url", "ws://127.0.0.1:1"],
        ],
    )
    def test_a_mistake_ends_with_status_2(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Argparse says what is wrong in one line."""
        with pytest.raises(SystemExit) as end:
            parse(arguments)
        assert end.value.code == 2
        assert "error: " in capsys.readouterr().err

    def test_kosoku_runs_the_cases_unless_the_original_is_asked_for(self) -> None:
        """Against our own server, unless there is a URL or a client."""
        assert not parse([]).original
        settings = parse(["--original", "--client", "./echo {url}"])
        assert (settings.original, settings.client) == (True, "./echo {url}")

    @pytest.mark.parametrize("command", ["./echo", "", "./echo '{url}", "./echo {port}"])
    def test_a_client_must_be_told_the_url(self, command: str) -> None:
        """The message says what is missing."""
        with pytest.raises(CannotRunError, match=r"^--client .*: "):
            served.check(command)

    def test_a_client_is_named_by_its_program(self) -> None:
        """The page's title is short."""
        assert served.check("/opt/x/echo --quiet '{url}/' 1") == "echo"

    def test_kosoku_is_not_asked_for_tls(self, tmp_path: Path) -> None:
        """It would take the URL for a mistake; the original can do it."""
        settings = Settings(tmp_path, "wss://127.0.0.1:1", "*", tmp_path / "report", 1)
        with pytest.raises(CannotRunError, match="--original"):
            run(settings)

    def test_trouble_is_told_by_kind(self) -> None:
        """A server that died must not fill the screen."""
        results = [Result.missing(case) for case in IDS[:25]]
        results += [Result("2.1", "OK", "OK"), Result("2.2", "OK", "UNCLEAN")]
        many, one = trouble(results)
        assert many.startswith("  behaviour MISSING, closing MISSING: 1.1.1, 1.1.2, ")
        assert many.endswith(" and 13 more")
        assert one == "  behaviour OK, closing UNCLEAN: 2.2"

    @pytest.mark.parametrize(
        ("url", "name"),
        [
            ("ws://127.0.0.1:9000/echo", "127.0.0.1:9000"),
            ("wss://echo.example", "echo.example"),
            ("ws://[::1]:9000", "::1:9000"),
        ],
    )
    def test_a_server_is_named_by_its_host(self, url: str, name: str) -> None:
        """The testsuite puts the name on every page."""
        assert check(url) == name

    @pytest.mark.parametrize("url", ["http://x", "localhost:9000", "ws://", "ws://x:port", ""])
    def test_a_url_of_another_kind_is_refused(self, url: str) -> None:
        """The message shows a right one."""
        with pytest.raises(CannotRunError, match=r"a URL such as ws://"):
            check(url)


@given(st.permutations(IDS[:20]))
def test_cases_sort_the_same_from_any_order(cases: list[str]) -> None:
    """Pieces end in any order; the report does not show it."""
    assert sorted(cases, key=sort_key) == IDS[:20]
