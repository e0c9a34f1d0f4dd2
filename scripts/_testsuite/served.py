# SPDX-License-Identifier: MIT
"""Have a client tested: a fuzzing server for its cases, and the command that runs the client.

The client does what Autobahn's testsuite asks of one: `/getCaseCount` sends it a number, it
connects to `/runCase?case=N&agent=NAME` for each, from 1 on, and echoes, and may end with
`/updateReports?agent=NAME`, which is done for it here where it does not.
"""

import asyncio
import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from _shared import process
from _shared.errors import CannotRunError

from .fuzzing import follow, read_piece
from .results import Result
from .server import ask_for_reports
from .suite import Suite

PLACE = "{url}"
_START_SECONDS = 30.0
_REPORT_SECONDS = 60.0


def check(command: str) -> str:
    """Give the name of the program in a client's command.

    Raises:
        CannotRunError: It is no command, or has no place for the URL.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CannotRunError(f"--client {command}: {error}") from None
    if not any(PLACE in word for word in words):
        raise CannotRunError(f"--client {command}: has no {PLACE}, for the server's URL")
    return Path(words[0]).name


async def serve(
    suite: Suite,
    command: str,
    work: Path,
    cases: Sequence[str],
    on_case: Callable[[str], None],
) -> list[Result]:
    """Serve cases to a client, and give a result for each.

    Args:
        suite: What serves them.
        command: The client's; `{url}` in it stands for the server's URL.
        work: A folder for what both write.
        cases: In the order of their numbers.
        on_case: Called with each case when it is done.

    Raises:
        CannotRunError: One of them cannot be started, or the client runs no case.
    """
    folder, port = work / "served", process.free_port()
    url = f"ws://{process.HOST}:{port}"
    folder.mkdir()
    spec = folder / "spec.json"
    written = {"url": url, "cases": list(cases), "outdir": str(folder)}
    spec.write_text(json.dumps(written))
    serving = [*suite.fuzz_client, str(spec)]
    errors = folder / "errors"
    fuzzing = await process.start(serving, folder=folder, log=errors, piped=True)
    following = asyncio.create_task(follow(fuzzing, on_case))
    try:
        if not await process.listens(fuzzing, port, _START_SECONDS):
            raise CannotRunError(f"{suite.name} did not start:{process.last_lines(errors)}")
        await _run_client(command, url, work / "client.log", following)
        await asyncio.to_thread(ask_for_reports, url, _REPORT_SECONDS)
        if suite.ends_with_client:
            await asyncio.wait_for(fuzzing.wait(), _REPORT_SECONDS)
    finally:
        await process.end(fuzzing)
        await following
    results = read_piece(folder, cases)
    if not any(result.page for result in results):
        said = process.last_lines(work / "client.log") or " it said nothing"
        raise CannotRunError(f"the client ran no case:{said}")
    return results


async def _run_client(command: str, url: str, log: Path, following: asyncio.Task[bool]) -> None:
    """Run the client to its end, or until no case of it has begun for long."""
    words = [word.replace(PLACE, url) for word in shlex.split(command)]
    try:
        client = await process.start(words, folder=Path.cwd(), log=log)
    except OSError as error:
        raise CannotRunError(f"--client {command}: {error.strerror}") from None
    ended = asyncio.create_task(client.wait())
    try:
        await asyncio.wait({ended, following}, return_when=asyncio.FIRST_COMPLETED)
        # kosoku ends as soon as the client has asked for the reports, which the client survives.
        if following.done() and following.result():
            await asyncio.wait({ended}, timeout=_START_SECONDS)
    finally:
        await process.end(client)
        await ended
