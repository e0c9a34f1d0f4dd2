# SPDX-License-Identifier: MIT
"""Runs what the contract of a bus awaits, where the bus is in memory and nothing waits."""

import inspect

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine to its end at once; with Redis, pytest-twisted's reactor does it."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    failures: list[Failure] = []
    outcome = Deferred.fromCoroutine(pyfuncitem.obj(**arguments))
    outcome.addErrback(failures.append)
    assert outcome.called, "it waits, which nothing does without a network"
    for failure in failures:
        failure.raiseException()
    return True
