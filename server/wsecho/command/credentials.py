# SPDX-License-Identifier: MIT
"""`wsecho key` and `wsecho token`: to try access without other tools."""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from joserfc.jwk import OctKey, OKPKey, RSAKey

from wsecho.access.claims import Claims
from wsecho.access.keys import BadKeyError, Key, read_keys
from wsecho.access.tokens import MAX_TOKEN, sign
from wsecho.command.parsing import command_parser
from wsecho.config.near import did_you_mean
from wsecho.core.wire.errors import BadToken
from wsecho.core.wire.grants import WAMP_ACTIONS

_MAKERS: Final[dict[str, Callable[[], Any]]] = {
    "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
    "HS256": lambda: OctKey.generate_key(256),
    "RS256": lambda: RSAKey.generate_key(3072),
}

_KEY_HELP: Final = """\
Make a key for tokens, as a JWK. Without --type: EdDSA, whose private half (FILE) makes tokens
and whose public half (FILE.pub) is all that a server needs.
"""
_KEY_EXAMPLES: Final = """\
example:
  wsecho key key.json
  wsecho --token-key key.json.pub
  wsecho token --key key.json --sub ann --join 'team-*' --publish 'team-*'
"""
_MINTING: Final = """\
Make a token, and print it. It allows what is named here and nothing else. Globs are over room
names (quote them: the shell has its own), URI prefixes over WAMP topics and procedures that are
no rooms. Each may be given again.
"""
_MINTING_EXAMPLES: Final = """\
examples:
  wsecho token --key key.json --sub ann --join '*' --publish 'team-*'
  wsecho token --key key.json --operate '*' --wamp-call wamp.session. --expires 60

Present it as  Authorization: Bearer TOKEN,  as  ?token=TOKEN,  as the WebSocket subprotocol
wsecho.token.TOKEN beside another, or as WAMP's ticket.
"""
_ALLOWS_NOTHING: Final = (
    "this token allows nothing: name what it shall, as in --join 'team-*' --publish 'team-*'"
)


def make_credential(arguments: Sequence[str]) -> None:
    """Do what a command line asks for; its first word is `key` or `token`.

    Raises:
        SystemExit: it cannot be done; one line says why.
    """
    command, *rest = arguments
    try:
        if command == "key":
            _make_key(_key_parser().parse_args(rest))
        else:
            _make_token(_token_parser().parse_args(rest))
    except (OSError, BadKeyError, BadToken) as error:
        _fail(command, error)


def _fail(command: str, error: Exception) -> NoReturn:
    reason = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
    raise SystemExit(f"wsecho {command}: {reason}") from None


def _key_parser() -> argparse.ArgumentParser:
    parser = command_parser("key", _KEY_HELP, _KEY_EXAMPLES)
    parser.add_argument("file", type=Path, metavar="FILE", help="where to write it; must be new")
    parser.add_argument(
        "--type",
        type=_kind,
        metavar="TYPE",
        default="EdDSA",
        help="EdDSA; RS256, for what cannot verify EdDSA; HS256, one secret that both sides know",
    )
    parser.add_argument("--kid", help="a name for the key, which its tokens carry")
    return parser


def _kind(text: str) -> str:
    if text not in _MAKERS:
        meant = did_you_mean(text, _MAKERS) or f": give {', '.join(_MAKERS)}"
        raise argparse.ArgumentTypeError(f"there is no {text}{meant}")
    return text


def _make_key(given: argparse.Namespace) -> None:
    key = _MAKERS[given.type]()
    named = {} if given.kid is None else {"kid": given.kid}
    _write(given.file, {**key.as_dict(private=True), **named}, 0o600)
    if given.type == "HS256":
        return
    _write(Path(f"{given.file}.pub"), {**key.as_dict(private=False), **named}, 0o644)


def _write(path: Path, jwk: dict[str, Any], mode: int) -> None:
    # Born with its mode, so that a secret is never readable by others, not even for a moment.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(json.dumps(jwk, indent=2) + "\n")


def _token_parser() -> argparse.ArgumentParser:
    parser = command_parser("token", _MINTING, _MINTING_EXAMPLES)
    parser.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="a private key: PEM, JWK, JWK Set"
    )
    parser.add_argument("--sub", metavar="ID", help="whom it is for; WAMP's authid")
    parser.add_argument("--name", metavar="NAME", help="a name that other members see")
    parser.add_argument(
        "--aud", action="append", metavar="NAME", help="a server that it is for (--token-audience)"
    )
    parser.add_argument("--iss", metavar="NAME", help="who makes it (--token-issuer)")
    parser.add_argument(
        "--expires",
        type=_seconds,
        default=3600,
        metavar="SECONDS",
        help="how long it counts [default: 3600]",
    )
    for action, what in (
        ("join", "read these rooms, and see who is there"),
        ("publish", "speak in these rooms"),
        ("operate", "see the lists of all rooms and the metrics"),
    ):
        parser.add_argument(
            f"--{action}", action="append", default=[], metavar="GLOB", help=f"allow to {what}"
        )
    for action in WAMP_ACTIONS:
        parser.add_argument(
            f"--wamp-{action}",
            action="append",
            default=[],
            metavar="PREFIX",
            help=f"allow to {action} URIs that begin so",
        )
    return parser


def _make_token(given: argparse.Namespace) -> None:
    claims: dict[str, Any] = {"exp": int(time.time()) + given.expires}
    claims.update(
        {
            name: value
            for name in ("sub", "name", "aud", "iss")
            if (value := getattr(given, name)) is not None
        }
    )
    rooms = {name: getattr(given, name) for name in ("join", "publish", "operate")}
    wamp = {name: getattr(given, f"wamp_{name}") for name in WAMP_ACTIONS}
    claims["rooms"] = {name: globs for name, globs in rooms.items() if globs}
    claims["wamp"] = {name: prefixes for name, prefixes in wamp.items() if prefixes}
    # What no server would take is not made.
    Claims.read(claims)
    token = sign(claims, _signing_key(given.key))
    if len(token) > MAX_TOKEN:
        raise BadToken(f"the token would be over {MAX_TOKEN} characters: grant less by name")
    if not (claims["rooms"] or claims["wamp"]):
        sys.stderr.write(f"wsecho token: {_ALLOWS_NOTHING}\n")
    sys.stdout.write(f"{token}\n")


def _signing_key(path: Path) -> Key:
    try:
        keys = read_keys(path.read_bytes())
    except BadKeyError as error:
        raise BadKeyError(f"--key {path}: {error}") from None
    for key in keys:
        if key.can_sign:
            return key
    raise BadKeyError(f"--key {path}: this is the public half; tokens are made with the private")


def _seconds(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,13}", text) or not 0 < int(text) < 1 << 40:
        raise argparse.ArgumentTypeError("give whole seconds above 0, such as 3600")
    return int(text)
