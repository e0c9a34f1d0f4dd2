# SPDX-License-Identifier: MIT
"""Writes, in Markdown, what the code alone knows for sure: options, errors, metrics."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import getdoc
from random import SystemRandom
from types import SimpleNamespace
from typing import Any, Final, cast

from from_docstrings import hooks_api, python_api, testing_api
from prometheus_client import Metric
from tables import table
from twisted.internet.testing import MemoryReactorClock

from wsecho.app.asked_webhook import asked_webhook
from wsecho.app.event_listeners import event_listeners
from wsecho.bus.interface import Bus
from wsecho.bus.measures import Measures
from wsecho.bus.memory import MemoryBus
from wsecho.config.config import GROUPS, Config, OptionGroup
from wsecho.config.room_tables import KEYS
from wsecho.config.settings.option import Option
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.step_kind import Phase, StepKind
from wsecho.core.lab.steps import STEPS
from wsecho.core.rooms.leases import HeldError
from wsecho.core.wire import errors
from wsecho.events.teller import EventTeller
from wsecho.fanout.rooms import Rooms
from wsecho.hooks.questions import Questions
from wsecho.ops.metrics import Metrics
from wsecho.router import Router
from wsecho.server.state import ServerState
from wsecho.webhooks.url import WebhookUrl
from wsecho.workers.fleet import WorkerState
from wsecho.workers.worker_metrics import PATIENCE, WorkerMetrics


def options() -> str:
    """Write every option with its default and an example, in the groups of `--help`."""
    return "\n\n".join(map(_group, GROUPS))


def _group(group: OptionGroup) -> str:
    return f"## {group.title}\n\n{group.text}\n\n" + "\n\n".join(map(_option, group.options))


def _option(option: Option) -> str:
    lines = [f"### `--{option.name}`", option.help]
    if option.is_switch:
        return "\n\n".join(lines)
    lines.append(f"Default: {_shown(option.shown)}.")
    if option.repeatable:
        lines.append("It may be given again: each one adds to the list.")
    return "\n\n".join([*lines, f"Example: `--{option.name} {option.example}`"])


def _shown(default: str) -> str:
    # A value is quoted, a description is not.
    return f"`{default}`" if " " not in default and default != "none" else default


def http_errors() -> str:
    """Write each error that HTTP answers: its status, its code, when it comes."""
    found = sorted(_errors(errors.WireError), key=lambda kind: (kind.status, kind.code))
    rows = [(str(kind.status), f"`{kind.code}`", _first_line(kind)) for kind in found]
    return table(("status", "code", "when"), rows)


def _errors(kind: type[errors.WireError]) -> Iterable[type[errors.WireError]]:
    for below in kind.__subclasses__():
        # Whoever registers what another has is told so in WAMP's own words.
        if below is not HeldError:
            yield below
        yield from _errors(below)


def _first_line(kind: type) -> str:
    return (getdoc(kind) or "").splitlines()[0]


def metrics() -> str:
    """Write each metric: its name as Prometheus has it, its type, its labels, what it tells."""
    rows = [_metric(metric) for metric in _of_process() if not metric.name.startswith("process_")]
    return table(("metric", "type", "labels", "what it tells"), [*rows, *_of_workers()])


def _of_process() -> Iterable[Metric]:
    """Collect what a server that nobody came to has counted, over Redis, and with all options."""
    url = WebhookUrl("http", "127.0.0.1", 8000)
    config = Config(ask=url, tell=(url,))
    clock: Any = MemoryReactorClock()
    state = ServerState.of(config, clock)
    rooms = Rooms(config.rules, clock, state.stats, _with_measures)
    webhook = asked_webhook(config, clock, tuple, clock.seconds)
    questions = Questions((webhook,), config.ask_timeout, clock, config.max_message_size)
    router = Router(clock, SystemRandom(), _raise)
    listeners = event_listeners(config, (), clock, tuple, clock.seconds)
    told = EventTeller(listeners, rooms.open_events, clock).deliveries
    asked: dict[str, Any] = {"questions": questions, "webhook": webhook}
    return Metrics(state, rooms, router, deliveries=told, **asked).collect()


def _with_measures(*arguments: Any) -> Bus:
    bus: Any = MemoryBus(*arguments)
    bus.measures = Measures()
    return cast(Bus, bus)


def _raise(fault: BaseException) -> None:
    """Take a fault of the router, which has nothing to do here."""
    raise fault


def _metric(metric: Metric) -> Sequence[str]:
    return _row(metric.name, metric.type, metric._labelnames, metric.documentation)  # type: ignore[attr-defined]  # noqa: SLF001  # each family has it


def _of_workers() -> Iterable[Sequence[str]]:
    """Collect what the parent of workers adds, of one that is ready."""
    told: list[Any] = []
    clock = MemoryReactorClock()
    worker: Any = SimpleNamespace(state=WorkerState.READY, slot=0, serial=0)
    channel: Any = SimpleNamespace(tell=lambda *_, metrics, **__: told.extend(metrics))
    fleet: Any = [worker]
    WorkerMetrics(fleet, {}, clock).collect(channel, 0)
    clock.advance(PATIENCE)
    for name, kind, text, samples in told:
        yield _row(name, kind, list(samples[0][1]), text)


def _row(name: str, kind: str, labels: Iterable[str], text: str) -> Sequence[str]:
    full = f"{name}_total" if kind == "counter" else name
    return f"`{full}`", kind, ", ".join(f"`{label}`" for label in labels), text


def lab_steps() -> str:
    """Write every step of the lab, in the order of its list."""
    return "\n\n".join(
        f"### {title}\n\n{_lab_table([kind for kind in STEPS.values() if kind.phase is phase])}"
        for phase, title in (
            (Phase.ANSWER, "Before the answer"),
            (Phase.MODE, "Modes"),
            (Phase.ACTION, "Actions"),
        )
    )


def _lab_table(kinds: Sequence[StepKind]) -> str:
    rows = [(f"`{kind.example}`", kind.does, kind.takes, kind.rfc, kind.asks) for kind in kinds]
    judged = any(kind.expected for kind in kinds)
    head = ("for example", "it", "takes", "RFC", "a client should")
    width = len(head) if judged else len(head) - 1
    return table(head[:width], [row[:width] for row in rows])


def lab_rules() -> str:
    """Write every rule that the lab breaks."""
    rows = [
        (
            f"`{rule.name}`",
            rule.does,
            rule.rfc,
            str(rule.expected.should),
            ", ".join(map(str, rule.expected.codes)),
            str(rule.expected.level),
        )
        for rule in RULES.values()
    ]
    return table(("`break=`", "sends", "RFC", "a client should", "code", "level"), rows)


def room_keys() -> str:
    """Write what may stand in a table of rooms by name."""
    rows = [
        (f"`{key.name}`", f"`{key.metavar}`", key.help, f"`{key.name} = {key.example}`")
        for key in KEYS.values()
    ]
    return table(("key", "value", "what it says", "example"), rows)


WRITERS: Final[Mapping[str, Callable[[], str]]] = {
    "options": options,
    "room-keys": room_keys,
    "http-errors": http_errors,
    "metrics": metrics,
    "python-api": python_api,
    "hooks-api": hooks_api,
    "testing-api": testing_api,
    "lab-steps": lab_steps,
    "lab-rules": lab_rules,
}
"""What a page may ask for, by name."""
