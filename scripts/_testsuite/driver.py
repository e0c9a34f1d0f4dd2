# SPDX-License-Identifier: MIT
"""Drives kosoku, in kosoku's own environment: Autobahn's case files, under Python 3.

    driver.py cases         prints every case, as JSON
    driver.py client SPEC   runs cases against a server
    driver.py server SPEC   serves cases to a client, until that asks for the reports

SPEC is a file such as Autobahn's own program takes, and what is printed and written is what that
prints and writes, as far as `fuzzing` and `results` read it. This file imports nothing of ours.
"""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kosoku import FailureError, run_fuzzingclient, run_fuzzingserver
from kosoku._caseindex import category_metadata
from kosoku._report import write_reports
from kosoku.cases import CASES, GENERATORS

# kosoku has this on the path by now, for its case files.
from case import Case  # isort: skip

_PATIENCE = 60.0
"""Seconds beyond its own limit that a case may take: kosoku waits for a Close frame for ever."""


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    match arguments:
        case ["cases"]:
            print(json.dumps(_known()))
        case [("client" | "server") as mode, spec]:
            _announce_cases()
            _leave_pings_out()
            run = _run_client if mode == "client" else _run_server
            asyncio.run(run(json.loads(Path(spec).read_text())))
        case _:
            sys.exit(__doc__)


def _known() -> dict[str, Any]:
    categories, subcategories = category_metadata(GENERATORS)
    described = [(case, _line(kind.DESCRIPTION)) for case, kind in CASES.items()]
    return {
        "descriptions": described,
        "categories": categories,
        "subcategories": subcategories,
    }


def _line(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", "", html.partition("<br")[0]).split())


def _announce_cases() -> None:
    """Have each case named when it begins, as Autobahn's program does."""
    begin: Callable[[Any, Any], None] = Case.__init__

    def announced(self: Any, protocol: Any) -> None:
        name = type(self).__name__.removeprefix("Case").replace("_", ".")
        print(f"Running test case ID {name}", flush=True)
        begin(self, protocol)

    Case.__init__ = announced


def _leave_pings_out() -> None:
    """Keep the peer's own pings from the cases, as Autobahn's program does.

    No case expects one, and each that gets one takes it for the last thing to come. A peer that
    pings now and then would so fail whatever takes longer.
    """
    Case.onPing = lambda _self, _payload: None


async def _run_client(spec: dict[str, Any]) -> None:
    url = spec["servers"][0]["url"]
    results = []
    for name in spec["cases"]:
        patience = getattr(CASES[name], "WAITSECS", 0) + _PATIENCE
        run = _results(run_fuzzingclient(url, [name]))
        # Without a result it is told as missing.
        try:
            results += await asyncio.wait_for(run, patience)
        except TimeoutError:
            print(f"Case {name} did not end within {patience:.0f} seconds", file=sys.stderr)
    _write(results, spec)


async def _run_server(spec: dict[str, Any]) -> None:
    place = urlsplit(spec["url"])
    async with run_fuzzingserver(spec["cases"], host=place.hostname, port=place.port) as server:
        results = await _results(server.get_result())
    _write(results, spec)


async def _results(running: Awaitable[list[Any]]) -> list[Any]:
    try:
        return list(await running)
    except FailureError as failure:
        return list(failure.results)


def _write(results: list[Any], spec: dict[str, Any]) -> None:
    write_reports(results, spec["outdir"])


if __name__ == "__main__":
    main(sys.argv[1:])
