# SPDX-License-Identifier: MIT
"""Feed targets by Atheris, which learns from what each input reaches: a child process for each.

Reading and instrumenting the code takes longer than a short feed, so it is done once, before
the children begin. Each writes what it says into a file beside its corpus.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["wsecho"]):
    from tests.fuzz.targets import TARGETS

_AT_A_TIME = min(2, len(os.sched_getaffinity(0)))


def main(seconds: str, corpus: str, *names: str) -> None:
    """Feed targets; write each one's name and exit status when it is over.

    Args:
        seconds: how long each, a whole number.
        corpus: a folder that keeps what was worth keeping, and the inputs that failed.
        names: which.
    """
    running: dict[int, str] = {}
    for name in names:
        if len(running) >= _AT_A_TIME:
            _await_one(running)
        child = os.fork()
        if child == 0:
            _feed(name, seconds, Path(corpus) / name)
        running[child] = name
    while running:
        _await_one(running)


def _await_one(running: dict[int, str]) -> None:
    child, status = os.wait()
    print(running.pop(child), os.waitstatus_to_exitcode(status), flush=True)


def _feed(name: str, seconds: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    log = os.open(f"{folder}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    target = TARGETS[name]
    for number, seed in enumerate(target.seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup([name, *_options(seconds, folder, target.words), str(folder)], target.run)
    # It ends the process.
    atheris.Fuzz()


def _options(seconds: str, folder: Path, words: Sequence[bytes]) -> list[str]:
    options = [
        f"-max_total_time={seconds}",
        f"-artifact_prefix={folder}.failed-",
        "-max_len=4096",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    if words:
        path = folder.with_suffix(".words")
        path.write_text("".join(f'"{_escaped(word)}"\n' for word in words))
        options.append(f"-dict={path}")
    return options


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in word)


if __name__ == "__main__":
    main(*sys.argv[1:])
