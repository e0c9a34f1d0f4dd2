# SPDX-License-Identifier: MIT
"""How an option's text becomes its value, from a command line or from TOML."""

import math
from collections.abc import Callable
from fractions import Fraction
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.config import values
from wsecho.config.config import load
from wsecho.config.errors import ConfigError, UnusableError, UsageError
from wsecho.core.limits.slowness import SlowRule

# What is neither a number nor a name, whatever is asked for.
NOTHING: tuple[Any, ...] = ("", " ", [], {}, None, math.nan, "nan", "1 2", "-1", -1)


@pytest.mark.parametrize(
    ("given", "number"),
    [
        *(("1", 1), (65536, 65536), ("64KiB", 1 << 16), ("64 kb", 1 << 16), ("16M", 1 << 24)),
        *(("1g", 1 << 30), ("1024GiB", 1 << 40), (" 7b ", 7)),
    ],
)
def test_a_size_is_in_powers_of_1024(given: Any, number: int) -> None:
    """With or without the i."""
    assert values.size(given) == values.size_or_any(given) == number


@pytest.mark.parametrize("given", [*NOTHING, "0", 0, True, "1.5k", "1T", "1025G", "1 k b"])
def test_what_is_no_size_is_complained_of(given: Any) -> None:
    """Nothing and more than anybody has are none."""
    with pytest.raises(ValueError, match="not a size"):
        values.size(given)


def test_any_size_is_0() -> None:
    """However it is written."""
    assert values.size_or_any(" 0 ") == 0
    assert [values.size_or_any(given) for given in (0, "0", 0.0, "0.0")] == [0, 0, 0, 0]


TAKES_0: dict[Callable[[Any], float], bool] = {
    values.seconds: False,
    values.seconds_or_never: True,
    values.leeway: True,
    values.rate: True,
    values.count: False,
    values.count_or_any: True,
    values.count_or_none: True,
}
DECIMALS = (values.seconds, values.seconds_or_never, values.leeway, values.rate)
READERS: tuple[Callable[[Any], float], ...] = (*TAKES_0, values.size, values.size_or_any)
NO_NUMBER = "^not a (size|time|rate|number): give "
SPACE = st.text(" \t", max_size=2)
WHOLE = st.integers(1, 1 << 40).map(str)
DECIMAL = st.from_regex(r"[0-9]{1,9}\.[0-9]{0,9}|\.[0-9]{1,9}", fullmatch=True)


@pytest.mark.parametrize(("read", "takes_0"), TAKES_0.items())
@pytest.mark.parametrize("given", [0, "0", 1, "25", *NOTHING, math.inf, True, "inf", "1e999"])
def test_numbers_are_finite_and_not_negative(
    read: Callable[[Any], float], takes_0: bool, given: Any
) -> None:
    """Whether 0 is one, the option says; true is none in a file."""
    if given in (0, "0") and takes_0 and given is not False:
        assert read(given) == 0
    elif given in (1, "25") and given is not True:
        assert read(given) == float(given)
    else:
        with pytest.raises(ValueError, match="not a"):
            read(given)


@given(SPACE, st.text("0", max_size=9), WHOLE, DECIMAL, SPACE)
def test_a_number_is_what_it_says(
    before: str, zeros: str, whole: str, decimal: str, behind: str
) -> None:
    """In ASCII's digits, with a point where parts of one mean something; spaces mean nothing."""
    for read in READERS:
        assert read(f"{before}{zeros}{whole}{behind}") == int(whole)
        number = float(Fraction(f"0{decimal}0"))
        if number and read in DECIMALS:
            assert read(f"{before}{zeros}{decimal}{behind}") == number
        elif number:
            with pytest.raises(ValueError, match=NO_NUMBER):
                read(decimal)


@given(
    WHOLE | DECIMAL,
    st.sampled_from(["_", "e", "E1", "+", "-", "\u2212", ",", "\xa0", "\n", "\0", "inf", "nan"])
    | st.characters(categories=["Nd", "Nl", "No", "Zs"], min_codepoint=0x80),
    st.integers(0, 20),
)
def test_other_ways_to_write_a_number_are_none(text: str, spoilt: str, place: int) -> None:
    """Neither other scripts' digits and spaces, nor what only Python reads."""
    within = f"{text[:place]}{spoilt}{text[place:]}"
    for read in READERS:
        for told in (spoilt, within, f"{spoilt}{text}", f"{text}{spoilt}"):
            with pytest.raises(ValueError, match=NO_NUMBER):
                read(told)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "given",
    ["1" * 5000, 1 << 41, f"{1 << 41}", 1 << 20_000, -(1 << 20_000), f"{10**300}"],
    ids=lambda given: type(given).__name__,
)
def test_no_number_is_huge(read: Callable[[Any], float], given: Any) -> None:
    """Thousands of digits neither, which Python refuses in words of its own."""
    with pytest.raises(ValueError, match=NO_NUMBER):
        read(given)


@pytest.mark.parametrize("given", ["5k", "64\u212a", "1\u212aiB", "\u0661kb"])
def test_a_unit_is_in_ascii_too(given: str) -> None:
    """The sign of Kelvin is a K to whoever compares without regard to case."""
    if given.isascii():
        assert values.size(given) == 5 << 10
    else:
        with pytest.raises(ValueError, match="not a size"):
            values.size(given)


@pytest.mark.parametrize(("name", "text"), [("drain", "1_0"), ("max-message-size", "\u0661")])
def test_what_is_no_number_is_told_of_its_option(name: str, text: str) -> None:
    """As it was written."""
    with pytest.raises(UsageError, match=f"^--{name} {text}: not a "):
        load({name: text})


def test_toml_has_forms_of_its_own() -> None:
    """It has read them; what was typed has none."""
    assert values.seconds(1e3) == 1000
    assert values.size_or_any(0.0) == 0


@pytest.mark.parametrize("given", ["2.5", 2.5, "1e3", 1 << 41])
def test_how_many_is_a_whole_number(given: Any) -> None:
    """And a bounded one."""
    with pytest.raises(ValueError, match="not a number"):
        values.count(given)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("close", SlowRule("*", "close")),
        ("latest", SlowRule("*", "latest")),
        ("prices.*=skip", SlowRule("prices.*", "skip")),
        ("a=b=close", SlowRule("a=b", "close")),
    ],
)
def test_a_rule_for_the_slow(given: str, rule: SlowRule) -> None:
    """For all rooms, or for some."""
    assert values.slow_rule(given) == rule


@pytest.mark.parametrize(
    ("read", "given"),
    [
        *((values.slow_rule, text) for text in ("", "=close", "a=", "a=b", "Close", 7)),
        *((values.over_rate, text) for text in ("", "wait", None, True)),
        *((values.host, text) for text in ("", "a b", "a/b", "a\n", 7)),
        *((values.proxy, text) for text in ("", "Unix", "10.0.0.1/8", "10.0.0.0/33", "a.b")),
        *((values.template, text) for text in ("", "data", "{ data }", 7)),
        *((values.endpoint, text) for text in ("", " ", True, None)),
        *((values.address, text) for text in ("", "a", "a:0", "a:b", "a:70000", ":80")),
        *((values.origin, text) for text in ("", "null", "example.org", "https://a/b", 7)),
        *((values.name, text) for text in ("", 7, None)),
        *((values.realm, text) for text in ("", "a b", "a#b", "a..b", 7)),
        *((values.log_format, text) for text in ("", "xml", None)),
        *((values.redis_url, text) for text in ("", "localhost", "http://localhost")),
        *((values.webhook_url, text) for text in ("", "localhost", "ws://a/", 7, None)),
        *((values.redis_prefix, text) for text in ("", "a b", "{a}", "a" * 101, "\u00e9", "a\n")),
        *((values.when_bus_down, text) for text in ("", "wait", None)),
    ],
)
def test_what_means_nothing_is_complained_of(read: Callable[[Any], Any], given: Any) -> None:
    """In a sentence of its own."""
    with pytest.raises(ValueError, match=r"\w"):
        read(given)


@pytest.mark.parametrize(
    ("read", "given", "value"),
    [
        (values.over_rate, "close", "close"),
        (values.over_rate, "drop", "drop"),
        (values.host, "*.Example.ORG", "*.example.org"),
        (values.proxy, "unix", "unix"),
        (values.proxy, "10.0.0.0/8", IPv4Network("10.0.0.0/8")),
        (values.proxy, "fd00::1", IPv6Network("fd00::1/128")),
        (values.proxy, "::ffff:10.0.0.0/104", IPv4Network("10.0.0.0/8")),
        (values.proxy, "::/0", IPv6Network("::/0")),
        (values.template, "\u00e9 {data}", "\u00e9 {data}".encode()),
        (values.endpoint, " tcp:80 ", "tcp:80"),
        (values.origin, "https://*.example.org", "https://*.example.org"),
        (values.origin, "*", "*"),
        (values.name, "https://a", "https://a"),
        (values.realm, "com.example", "com.example"),
        (values.log_format, "json", "json"),
        (values.redis_prefix, "ws:", "ws:"),
        (values.when_bus_down, "local", "local"),
        (values.when_bus_down, "refuse", "refuse"),
    ],
)
def test_what_means_something(read: Callable[[Any], Any], given: Any, value: Any) -> None:
    """As the rest of the server wants it."""
    assert read(given) == value


def test_a_file_must_be_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is home, as in a shell; one that is nobody's is a name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").touch()
    assert values.path("~/key") == tmp_path / "key"
    for told, reason in (("~/none", "No such file"), (str(tmp_path), "directory")):
        with pytest.raises(ValueError, match=reason):
            values.path(told)
    with pytest.raises(ValueError, match="No such file"):
        values.path("~nobody-is-called-so/key")


def test_a_page_has_an_index(tmp_path: Path) -> None:
    """Else all that it shows is 404."""
    with pytest.raises(ValueError, match=r"no index\.html"):
        values.page_folder(tmp_path)
    with pytest.raises(ValueError, match="no such folder"):
        values.page_folder(tmp_path / "none")
    (tmp_path / "index.html").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    assert values.page_folder(tmp_path / "link") == tmp_path.resolve()


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_a_password_is_never_repeated(value: Any) -> None:
    """Whatever is wrong with the rest of the URL."""
    for read in (values.redis_url, values.webhook_url):
        with pytest.raises(ValueError, match=r"\w") as caught:
            read(f"nothing://:hush-hush@{value}")
        assert "hush-hush" not in str(caught.value)


def test_what_may_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything tries; the file itself counts where it is there."""
    assert values.path_to_write(str(tmp_path / "log")) == tmp_path / "log"
    monkeypatch.setattr("os.access", lambda *_, **__: False)
    with pytest.raises(UnusableError, match=f"may not make a file in {tmp_path}"):
        values.path_to_write(str(tmp_path / "log"))
    (tmp_path / "log").touch()
    with pytest.raises(UnusableError, match="may not write it"):
        values.path_to_write(str(tmp_path / "log"))


@pytest.mark.parametrize("name", ["log-file", "web", "token-key", "cluster-secret"])
def test_whatever_the_system_refuses_is_of_the_option(name: str) -> None:
    """Though it is no reader of values that has thought of it."""
    with pytest.raises(ConfigError, match=f"^--{name} .*: File name too long$"):
        load({name: "/" + "x" * 5000})


@pytest.mark.parametrize("name", ["chat:App", "my.chat:app", "a_b.c1:Outer.inner"])
def test_an_application_is_an_object_of_a_module(name: str) -> None:
    """By dots, both."""
    assert values.app(name) == name


@pytest.mark.parametrize(
    "name", ["", "chat", "chat:", ":App", "a b:C", "chat:1", "a..b:C", "x:y:z", 1]
)
def test_what_is_no_application_is_complained_of(name: Any) -> None:
    """With one that is."""
    with pytest.raises(ValueError, match="such as chat:App"):
        values.app(name)


def test_a_header_is_known_in_small_letters() -> None:
    """As the request's are."""
    assert values.header("X-Forwarded-User") == "x-forwarded-user"
    for name in ("", "a b", "a:b", "ä", 1):
        with pytest.raises(ValueError, match="such as Cookie"):
            values.header(name)
