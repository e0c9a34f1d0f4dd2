# SPDX-License-Identifier: MIT
"""A public name stands for one thing, and for what the field calls it."""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.imports import PACKAGE

ROOT = PACKAGE.folder.parents[1]
READ = sorted(path for top in ("server", "tests") for path in (ROOT / top).rglob("*.py"))

# Names that this code had before it took the field's: right of each stands what it is now.
LEFT_BEHIND = {
    "House": "ServerState",
    "Seat": "ReaderSpec, or WorkerHost",
    "Fan": "SendGroup",
    "_Crowd": "Snapshot",
    "Passage": "GroupSend, or Relay",
    "Wave": "Batch",
    "Rounds": "FanoutScheduler",
    "Deliveries": "Fanout",
    "Pulse": "LoopLag",
    "Tally": "ConnectionGossip",
    "Line": "LogFollower",
    "Seen": "Cursor",
    "Overheard": "AllRoomsFollower",
    "Overhearing": "PatternSubscriptions",
    "EveryRoom": "PatternSubscriber",
    "Ear": "BusListener",
    "Followed": "RemoteRoom",
    "Following": "RemoteRooms",
    "Keeping": "Housekeeping",
    "Saying": "Publishing",
    "Hearing": "PushDispatch",
    "Telling": "NodeMessaging",
    "Attendance": "Membership",
    "Claiming": "Leases",
    "Chronicle": "SubjectLog",
    "Tags": "Correlation",
    "Guest": "RemoteSession",
    "Neighbour": "RemoteNode",
    "Said": "PublishRequest",
    "Intake": "RateLimitedInbox",
    "Waitlist": "SendBacklog",
    "cry": "broadcast",
    "whisper": "send_to",
    "proclaim": "broadcast_logged",
    "overhear": "follow_rooms",
    "hold_back": "pause_reading",
    "let_speak": "resume_reading",
    "tap": "transport",
    "MOST": "MAX_…",
}

# Those that are no word of plain English here: not in comments, docstrings and lines of the log.
NO_WORDS = re.compile(
    r"\b(?:EveryRoom|hold_back|let_speak|proclaim(?:s|ed|ing)?|whisper(?:s|ed|ing)?|overhear(?:s|d)?"
    r"|waitlist|seams?)\b",
    re.IGNORECASE,
)
# And files: each is called what it holds.
NO_FILES = re.compile(
    r"(?:test_)?(?:house|seats?|rounds|waves?|pulse|tally|visits?|ear|saying|hearing|telling|keeping"
    r"|following|attendance|claiming|chronicle|tags|guests|neighbours|notices|seams|intake|waitlist"
    r"|overhearing|passage|passing|later|answers|promises)\.py"
)


def public(tree: ast.Module) -> Iterator[str]:
    """The classes and functions that a module offers."""
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not node.name.startswith("_"):
            yield node.name


def twice(modules: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The names that more than one module offers, and which do.

    Args:
        modules: each its name and its source.
    """
    offering: dict[str, list[str]] = defaultdict(list)
    for module, source in modules:
        for name in public(ast.parse(source)):
            offering[name].append(module)
    return {name: where for name, where in offering.items() if len(where) > 1}


# To read the tokens of all files takes seconds: of those without such a word none is read.
_MAYBE = re.compile(rf"\b(?:{'|'.join(LEFT_BEHIND)})\b|(?i:{NO_WORDS.pattern})")


def left_behind(source: str) -> Iterator[str]:
    """Each use of a name of before, and its line."""
    if not _MAYBE.search(source):
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        number, text = token.start[0], token.string
        if token.type == tokenize.NAME and text in LEFT_BEHIND:
            yield f"{number}: {text} is {LEFT_BEHIND[text]} now"
        if token.type in {tokenize.COMMENT, tokenize.STRING}:
            yield from (f"{number}: {found}" for found in NO_WORDS.findall(text))


def test_no_public_name_stands_twice() -> None:
    """Whoever searches for a class or a function of the server's finds one.

    A client's, an application's beside it, and a report's are for those who write with them, and
    who never see the server's.
    """
    sources = (
        (name, path.read_text())
        for name, path in PACKAGE.modules.items()
        if not name.startswith(("wsecho.client", "wsecho.testing")) and name != "wsecho.hooks"
    )
    table = [f"{name:24} {', '.join(where)}" for name, where in sorted(twice(sources).items())]
    assert not table, "\n".join(["public names that stand more than once:", *table])


def test_names_that_stand_twice_are_found() -> None:
    """Of classes and functions, public and at the top; so that the test above can fail."""
    modules = [
        ("a", "class Same: ...\ndef same(): ...\ndef _own(): ...\nSAME = 1"),
        ("b", "async def same(): ...\nclass Other:\n    def same(self): ...\ndef _own(): ..."),
        ("c", "class Same: ...\nSAME = 2"),
    ]
    assert twice(modules) == {"Same": ["a", "c"], "same": ["a", "b"]}


def test_no_name_of_before_is_left() -> None:
    """Neither in code nor, where nobody could take it for a word of English, in prose."""
    table = [
        f"{path.relative_to(ROOT)}:{found}"
        for path in READ
        if path != Path(__file__)
        for found in left_behind(path.read_text())
    ]
    assert not table, "\n".join(table)


def test_names_of_before_are_found() -> None:
    """So that the test above can fail."""
    source = 'MOST = 1\n"""What is proclaimed."""\nclass Seen: ...  # a seam\nMOSTLY = "MOST"\n'
    assert [found.partition(" ")[0] for found in left_behind(source)] == ["1:", "2:", "3:", "3:"]


def test_no_file_is_called_what_was_before() -> None:
    """Files are looked for by what they hold."""
    assert [str(path) for path in READ if NO_FILES.fullmatch(path.name)] == []
