# SPDX-License-Identifier: MIT
"""Starts that cannot work: each with what is said of it, and the status that it ends with.

`python -m tests.support.wrong_starts` prints them as a table.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Final

from attrs import field, frozen

from wsecho.command.main import run

_ROOM: Final = "http://127.0.0.1:9/broadcast/a"

_CERTIFICATES: Final = (
    ("privateKey=k.pem", "k.pem: No such file or directory"),
    ("privateKey=empty.pem", "empty.pem is no PEM, or a part of it is missing"),
)


@frozen
class WrongStart:
    """A command line that cannot work.

    Attributes:
        words: what stands behind `wsecho`, as typed; `PORT` is one that is taken.
        answer: what the one line has at least.
        status: what it ends with.
        files: what lies in the folder.
        binds: whether only a server that really listens comes to it.
    """

    words: tuple[str, ...]
    answer: str
    status: int = 2
    files: Mapping[str, str] = field(factory=dict)
    binds: bool = False


def _wrong(line: str, answer: str, status: int = 2) -> WrongStart:
    return WrongStart(_words(line), answer, status)


def _words(line: str) -> tuple[str, ...]:
    words = tuple(line.split())
    # What is asked in this process must not serve, should it be right after all.
    return ("check", *words) if words[0].startswith("-") else words


def _listen(endpoint: str, answer: str, status: int = 2) -> WrongStart:
    return WrongStart(("check", "--listen", endpoint), answer, status)


def _file(text: str, answer: str, status: int = 2) -> WrongStart:
    return WrongStart(("check", "--config", "x.toml"), answer, status, {"x.toml": text})


def _with_files(line: str, answer: str, status: int, **files: str) -> WrongStart:
    return WrongStart(
        _words(line), answer, status, {n.replace("_", "."): text for n, text in files.items()}
    )


COMMANDS: Final = (
    _wrong("srve", "there is no command srve: did you mean serve?"),
    _wrong("xyz", "there is no command xyz: give serve, check, key, token, tail, say"),
    _wrong("serve extra", "extra is no option"),
    _wrong("serve check", "check is no option"),
    _wrong("--histroy 5", "there is no option --histroy: did you mean --history?"),
    _wrong("--max_rooms 5", "there is no option --max_rooms: did you mean --max-rooms?"),
    _wrong("--port 80", "there is no option --port: did you mean --listen :8080?"),
    _wrong("--zzz", "there is no option --zzz: --help lists all"),
    _wrong("-p 80", "-p is no option"),
    _wrong("--app chat", "--app chat: not a MODULE:OBJECT: give one such as chat:App"),
    _wrong("--app nowhere_at_all:App", "No module named 'nowhere_at_all'", 1),
    _wrong("check --app json:JSONDecoder", "it has none of the methods connecting, joining", 1),
    _wrong("--ask-header a:b", "not the name of a header: give one such as Cookie"),
    _wrong("--ask-timeout 0", "--ask-timeout 0: not a time"),
    _wrong("-drain 5", "-drain: did you mean --drain?"),
    _wrong("--max 5", "--max may be any of --max-message-size, --max-connections"),
    _wrong("--drain", "--drain needs a value: SECONDS, such as --drain 30"),
    _wrong("--no-lane=yes", "--no-lane stands alone, without a value"),
    _wrong("serve --help listenin", "did you mean --help listening?"),
    _wrong("serve --help nothing-like-it", "the groups are listening, rooms, access"),
    _wrong("key", "the following arguments are required: FILE"),
    _wrong("key k --typ RS256", "there is no --typ: did you mean --type?"),
    _wrong("key k --type EDDSA", "there is no EDDSA: did you mean EdDSA?"),
    _wrong("key nowhere/k", "nowhere/k: No such file or directory", 1),
    _wrong("token", "the following arguments are required: --key"),
    _wrong("token --key k --expires soon", "argument --expires: give whole seconds above 0"),
    _wrong("token --key k --jion x", "there is no --jion: did you mean --join?"),
    _wrong("token --key k", "k: No such file or directory", 1),
    _with_files("token --key k", "--key k: neither PEM nor JSON", 1, k="hello"),
    _wrong("sya", "there is no command sya: did you mean say?"),
    *(
        row
        for command in ("say", "tail")
        for row in (
            _wrong(command, "the following arguments are required: URL"),
            _wrong(f"{command} lobby", "argument URL: url does not begin with http:// or https://"),
            _wrong(f"{command} http://h/lobby", "argument URL: url does not end with /broadcast/R"),
            _wrong(
                f"{command} http://a:b@h/broadcast/a", "argument URL: url has a user name or a "
            ),
            _wrong(f"{command} http://h:port/broadcast/a", "url names a host or port that is none"),
            _wrong(f"{command} {_ROOM} --tokn x", "there is no --tokn: did you mean --token?"),
            _wrong(f"{command} {_ROOM} --token", "argument --token: expected one argument"),
            _wrong(
                f"{command} {_ROOM} --token a --token-file b", "not allowed with argument --tok"
            ),
            _wrong(f"{command} {_ROOM} --token-file k", "k: No such file or directory", 1),
            _wrong(f"{command} {_ROOM} --token-file .", ".: Is a directory", 1),
            _wrong(f"{command} {_ROOM} --token é", "argument --token: token is none: it is empty"),
        )
    ),
    _wrong(f"tail {_ROOM} --after 17", "argument --after: 17: the position is not epoch:offset"),
    _wrong(f"tail {_ROOM} --history -1", "argument --history: -1 is no number: give"),
    _wrong(f"tail {_ROOM} --history ten", "argument --history: ten is no number: give a whole"),
    _wrong(f"tail {_ROOM} --jsn", "there is no --jsn: did you mean --json?"),
    _wrong(f"tail {_ROOM} {_ROOM}", "there is no http://127.0.0.1:9/broadcast/a"),
)
"""Commands and options that there are not."""

VALUES: Final = (
    _wrong("--drain soon", "--drain soon: not a time: give seconds"),
    _wrong("--drain -1", "--drain -1: not a time"),
    _wrong("--open-timeout inf", "--open-timeout inf: not a time"),
    _wrong("--history many", "--history many: not a number: give a whole one"),
    _wrong("--history -5", "--history -5: not a number"),
    _wrong("--workers 0", "--workers 0: not a number: give a whole one above 0"),
    _wrong("--workers 2", "--workers 2: needs --redis URL"),
    _wrong("--max-message-size 5parsecs", "--max-message-size 5parsecs: not a size"),
    _wrong("--byte-rate fast", "--byte-rate fast: not a size"),
    _wrong("--over-rate dorp", "--over-rate dorp: there is no dorp: did you mean drop?"),
    _wrong("--slow prices=first", "--slow prices=first: give close, skip or latest"),
    _wrong("--log-format xml", "--log-format xml: give text or json"),
    _wrong("--when-bus-down wait", "--when-bus-down wait: give refuse or local"),
    _wrong("--data-sync some", "--data-sync some: give normal or full"),
    _wrong("--data x --redis redis://h", "--data and --redis contradict each other"),
    _with_files("--data k", "--data k: it is no folder", 1, k="hello"),
    _wrong("--reply hello", "--reply hello: a reply needs {data}"),
    _wrong("--realm a..b", "--realm a..b: not a realm"),
    _wrong("--origin http://x/", "an origin has no slash at its end: give http://x"),
    _wrong("--origin http://x/page", "an origin ends before the path: give http://x"),
    _wrong("--origin example.org", "an origin begins with a scheme: give https://example.org"),
    _wrong("--origin https://x:443", "leave the port 443 of https away: give https://x"),
    _wrong("--origin null", "null is the origin of anybody"),
    _wrong("--host http://x", "--host http://x: not a host"),
    _wrong("--proxy 10.0.0.0/33", "--proxy 10.0.0.0/33: not a network"),
    _wrong("--advertise here", "--advertise here: "),
    _wrong("--advertise 127.0.0.1:9000", "needs --cluster-secret FILE"),
    _wrong("--cluster-listen tcp:1", "--cluster-listen tcp:1: needs --advertise HOST:PORT"),
    _wrong("--redis localhost", "--redis (not shown): not of the form redis://HOST:PORT"),
    _wrong("--redis redis://:secret@h:x", "has a port that is no number"),
    _wrong("--ask app:8000/ask", "--ask (not shown): it begins with neither http:// nor https://"),
    _wrong("--ask http://me:secret@app/", "--ask (not shown): it has a user's name in it"),
    _wrong("--ask http://app:port/", "--ask (not shown): its host or port is malformed"),
    _wrong("--ask-header a:b", "--ask-header a:b: not the name of a header"),
    _with_files(
        "--ask http://app/ --ask-secret k",
        "--ask-secret k: line 2: a secret begins with whsec_",
        1,
        k="# ours\nsecret",
    ),
    _wrong(
        "--tell app:8000/told", "--tell (not shown): it begins with neither http:// nor https://"
    ),
    _wrong("--tell http://me:secret@app/", "--tell (not shown): it has a user's name in it"),
    _with_files("--tell-secret k", "--tell-secret k: needs --tell URL", 2, k=f"whsec_{'A' * 32}"),
    _with_files("--ask-secret k", "--ask-secret k: needs --ask URL", 2, k=f"whsec_{'A' * 32}"),
    _wrong("--redis-prefix {x}", "--redis-prefix {x}: not 1 to 100 visible"),
    _wrong("--token-audience a", "--token-audience a: needs --token-key"),
    _wrong("--web /nowhere", "--web /nowhere: no such folder", 1),
    _wrong("--web .", "--web .: there is no index.html in this folder", 1),
    _wrong("--token-key k", "--token-key k: No such file or directory", 1),
    _wrong("--token-key .", "--token-key .: Is a directory", 1),
    _with_files("--token-key k", "--token-key k: neither PEM nor JSON", 1, k="hello"),
    _wrong("--config x.toml", "--config x.toml: No such file or directory", 1),
    _wrong("--log-file nowhere/x", "--log-file nowhere/x: there is no folder nowhere", 1),
    _wrong("--log-file .", "--log-file .: it is a folder", 1),
)
"""Values that are none."""

ENDPOINTS: Final = (
    _listen("", "--listen '': it is empty: give where to listen, such as 127.0.0.1:8080"),
    _listen("tcp", "tcp: the port is missing: give one such as tcp:8080"),
    _listen("tcp:abc", "abc is no port: that is a number from 1 to 65535"),
    _listen("tcp:8080:iface=x", "tcp has no part iface=, but interface"),
    _listen("tcp:8080:50:50:50", "50 is one part too many for tcp"),
    _listen("tcp:8080:interface=::1", "a colon within a part has a backslash before it"),
    _listen("tpc:8080", "tpc is neither an address nor a kind of endpoint: give one such as tcp:"),
    _listen("TCP:8080", "TCP is neither an address nor a kind of endpoint: give one such as tcp:"),
    _listen("tcp:70000", "port 70000 is over 65535"),
    _listen("70000", "port 70000 is over 65535, the last there is: give 8080"),
    _listen("127.0.0.1", "the port is missing: give 127.0.0.1:8080"),
    _listen("127.0.0.1:http", "http is no port: that is a number from 1 to 65535: give 127.0.0.1:"),
    _listen("127.0.0.1:80:x", "behind the port there is x: give 127.0.0.1:80"),
    _listen("256.0.0.1:80", "256.0.0.1 is no IPv4 address"),
    _listen("::1:8080", "an IPv6 address stands in brackets: give [::1]:8080"),
    _listen("[::1]", "the port is missing: give [::1]:8080"),
    _listen("[x]:80", "[x] is no IPv6 address in brackets"),
    _listen("http://127.0.0.1:8080/", "that is where a browser goes"),
    _listen("/run/wsecho.sock", "a Unix socket's path has unix: before it: give unix:/run/wsec"),
    _listen("unix:", "the address is missing: give one such as unix:/run/wsecho.sock"),
    _listen("unix:/" + "x" * 107, "the path has 108 octets, but a Unix socket's has 107 at most"),
    _listen("unix:/x:mode=rw", "mode rw is none: that is three octal digits"),
    _listen("haproxy:", "behind haproxy: an endpoint is missing: give haproxy:tcp:8080"),
    _listen(r"haproxy:ssl\:443", "behind haproxy: no colon has a backslash before it: give hapr"),
    _listen("haproxy:tpc:80", "tpc is neither an address nor a kind of endpoint"),
    _listen("ssl:", "the port is missing: give one such as ssl:443:privateKey=key.pem"),
    _listen("ssl:443:cert=x", "ssl has no part cert=, but certKey"),
    _listen("tls:", "the path is missing: give one such as tls:/etc/wsecho/certificates:443"),
    _listen("systemd:", "the domain is missing: give one such as systemd:domain=INET:index=0"),
    _listen("systemd:domain=INET", "either index or name says which socket is meant"),
    _listen("systemd:domain=IP:index=0", "domain IP is neither INET nor INET6 nor UNIX"),
    _listen("systemd:domain=INET:index=0", "systemd has given this process no sockets", 1),
    _listen("unix:/nonexist/x", "there is no folder /nonexist: make it, or give another path", 1),
    _listen("203.0.113.1:8080", "203.0.113.1 is no address of this machine", 1),
    *(_listen(f"ssl:8443:{part}", answer, 1) for part, answer in _CERTIFICATES),
    _listen("tls:nowhere:8443", "there is no folder nowhere", 1),
    WrongStart(("--listen", "127.0.0.1:PORT"), "PORT is taken by another", 1, binds=True),
    WrongStart(
        ("--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:PORT"),
        "--metrics-listen 127.0.0.1:PORT: cannot listen there: port PORT is taken by another",
        1,
        binds=True,
    ),
    WrongStart(
        ("--config", "x.toml"),
        'x.toml, line 1: listen = "127.0.0.1:PORT": cannot listen there: port PORT is taken',
        1,
        {"x.toml": "listen = '127.0.0.1:PORT'"},
        binds=True,
    ),
    WrongStart(("--listen", "/run/x"), "give unix:/run/x", binds=True),
    WrongStart(("srve",), "did you mean serve?", binds=True),
    _wrong("--metrics-listen tcp", "--metrics-listen tcp: the port is missing"),
)
"""Places where nothing can listen."""

FILES: Final = (
    _file("\ndrain = 'soon'\n", 'x.toml, line 2: drain = "soon": not a time'),
    _file("# one\nhistroy = 5", "x.toml, line 2: histroy: there is no such option: did you mean h"),
    _file("max_rooms = 5", "x.toml, line 1: max_rooms: there is no such option: did you mean max-"),
    _file("drain = true", "x.toml, line 1: drain = true: not a time"),
    _file("no-lane = 'yes'", 'x.toml, line 1: no-lane = "yes": it is a switch'),
    _file("[drain]\nx = 1", "x.toml, line 1: [drain]: it is no table"),
    _file("[server]\ndrain = 1", "x.toml, line 1: [server]: there is no such option"),
    _file("drain = ", "x.toml: not TOML: Invalid value"),
    _file("drain = 1\ndrain = 2", "x.toml: not TOML: "),
    _file("listen = [\n ':1',\n 'tcp:abc',\n]", 'x.toml, line 1: listen = "tcp:abc": abc is no '),
    _file("origin = 'http://x/'", 'x.toml, line 1: origin = "http://x/": an origin has no slash'),
    _file("history = 5\n\nworkers = 2\n", "x.toml, line 3: workers = 2: needs --redis URL"),
    _file("token-key = 'k'", 'x.toml, line 1: token-key = "k": No such file or directory', 1),
    _file("config = 'y'", "x.toml, line 1: config: a file cannot name another"),
    _file("drain = 1979-05-27", "x.toml, line 1: drain = 1979-05-27: not a time"),
    _file("text = '''\ndrain = 5\n'''\ndrain = 'x'", "x.toml, line 1: text: there is no such op"),
    _file("redis = 'secret'", "x.toml, line 1: redis = (not shown): not of the form"),
    WrongStart(
        ("check", "--token-key", "k", "--wampcra-secrets", "u.toml"),
        "--wampcra-secrets u.toml: the secret of ann is no string of 16 characters or more",
        1,
        {"k": '{"kty":"oct","k":"' + "A" * 43 + '"}', "u.toml": "[ann]\nsecret = 'short'"},
    ),
)
"""Files of options that cannot be used."""

WRONG_STARTS: Final = (*COMMANDS, *VALUES, *ENDPOINTS, *FILES)
"""All of them."""


@contextmanager
def prepared(start: WrongStart) -> Iterator[tuple[str, ...]]:
    """Be in a folder with what a start finds there; yields its words, with a port that is taken."""
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as taken:
        folder = Path(name)
        port = str(taken.getsockname()[1])
        for file, text in {"empty.pem": "", **start.files}.items():
            (folder / file).write_text(text.replace("PORT", port))
        with chdir(folder):
            yield tuple(word.replace("PORT", port) for word in start.words)


def answer_to(words: tuple[str, ...]) -> tuple[str, int]:
    """Return what is written on standard error, and the status, of a command in this process."""
    errors = StringIO()
    with redirect_stderr(errors), redirect_stdout(StringIO()):
        try:
            status: object = run(words)
        except SystemExit as end:
            status = end.code
    if isinstance(status, str):
        return f"{errors.getvalue()}{status}\n", 1
    assert isinstance(status, int)
    return errors.getvalue(), status


def answer_of(words: tuple[str, ...]) -> tuple[str, int]:
    """Return the same of a process of its own."""
    command = (sys.executable, "-m", "wsecho", *words)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == ""
    return done.stderr, done.returncode


def main() -> None:
    """Print the table."""
    os.environ.pop("LISTEN_FDS", None)
    for number, start in enumerate(WRONG_STARTS, start=1):
        with prepared(start) as words:
            answer, status = answer_of(words) if start.binds else answer_to(words)
        typed = " ".join(word or "''" for word in words)
        for file, text in start.files.items():
            typed += f"   ({file}: {text.strip()!r})"
        sys.stdout.write(f"{number:3}  wsecho {typed}\n     {status}  {answer.strip()}\n")


if __name__ == "__main__":
    main()
