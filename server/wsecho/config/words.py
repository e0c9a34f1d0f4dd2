# SPDX-License-Identifier: MIT
"""The words of a command line: which options they give, before anybody reads a value.

As getopt does it, a value is the next word whatever it looks like, or stands behind `=`, and the
beginning of an option's name will do while no other begins so.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from attrs import define, field

from wsecho.config.config import CONFIG, OPTIONS, SWITCHES
from wsecho.config.errors import CommandError
from wsecho.config.near import did_you_mean

_OTHERS = ("help", "version")
# What other servers call it.
_ELSEWHERE = {"port": "listen", "bind": "listen", "address": "listen", "interface": "listen"}


@define
class Words:
    """What a command line says.

    Attributes:
        values: options by name; a switch is true, what may be given again is a list.
        config: the file of options, None for none.
        help: what is asked about: a group or an option, empty for all, None where nothing is.
        wants_version: whether it asks for the version.
        own: what is given by options of the command alone, by name.
    """

    values: dict[str, Any] = field(factory=dict)
    config: str | None = None
    help: str | None = None
    wants_version: bool = False
    own: dict[str, str] = field(factory=dict)


def read_words(words: Sequence[str], *own: str) -> Words:
    """Read a command line.

    Args:
        words: the words.
        own: options that the command has beside all others, each with a value.

    Raises:
        CommandError: a word is no option, or an option lacks its value, or has one too many.
    """
    found = Words()
    rest = iter(words)
    for word in rest:
        if word in {"-h", "--help"}:
            found.help = next(rest, "")
            break
        if not word.startswith("--") or word == "--":
            raise CommandError(_surplus(word))
        written, equals, value = word[2:].partition("=")
        name = _full_name(written, own)
        if name == "version":
            found.wants_version = True
        elif name == "help":
            found.help = value
        elif name in SWITCHES:
            if equals:
                raise CommandError(f"--{name} stands alone, without a value: leave ={value} away")
            found.values[name] = True
        elif name in own:
            found.own[name] = value if equals else _next(name, rest)
        else:
            _give(found, name, value if equals else _next(name, rest))
    return found


def _give(found: Words, name: str, value: str) -> None:
    if name == CONFIG.name:
        found.config = value
    elif OPTIONS[name].repeatable:
        found.values.setdefault(name, []).append(value)
    else:
        found.values[name] = value


def _next(name: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None and name not in {CONFIG.name, *OPTIONS}:
        raise CommandError(f"--{name} needs a value")
    if value is None:
        option = CONFIG if name == CONFIG.name else OPTIONS[name]
        raise CommandError(
            f"--{name} needs a value: {option.metavar}, such as --{name} {option.example}"
        )
    return value


def _full_name(written: str, own: Iterable[str]) -> str:
    names = [CONFIG.name, *OPTIONS, *SWITCHES, *own, *_OTHERS]
    if written in names:
        return written
    longer = [name for name in names if name.startswith(written)] if written else []
    if len(longer) == 1:
        return longer[0]
    if longer:
        several = ", ".join(f"--{name}" for name in longer)
        raise CommandError(f"--{written} may be any of {several}")
    if written in _ELSEWHERE:
        option = OPTIONS[_ELSEWHERE[written]]
        meant = f": did you mean --{option.name} {option.example}?"
    else:
        meant = did_you_mean(written, names, "--") or ": --help lists all"
    raise CommandError(f"there is no option --{written}{meant}")


def _surplus(word: str) -> str:
    name = word.lstrip("-")
    names = [CONFIG.name, *OPTIONS, *SWITCHES, *_OTHERS]
    if name.partition("=")[0] in names:
        return f"{word}: did you mean --{name}?"
    meant = did_you_mean(name, names, "--")
    return f"{word} is no option{meant or ': each begins with --, and has its value behind it'}"
