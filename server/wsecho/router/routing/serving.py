# SPDX-License-Identifier: MIT
"""The requests of an open session: their ids, their way to broker and dealer, and what they raise.

A request is refused alone: whatever serving it raises becomes an ERROR for it. Only what breaks
the protocol ends the session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from wsecho.router.model.calls import CallState
from wsecho.router.wire import errors, requests
from wsecho.router.wire.errors import ProtocolViolationError, WampError
from wsecho.router.wire.ids import AnyOrder, InOrder

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.model.calls import OngoingCall
    from wsecho.router.model.session import Session
    from wsecho.router.routing.broker import Broker
    from wsecho.router.routing.dealer import Dealer


@frozen
class Service:
    """Which of broker and dealer serves what.

    Attributes:
        broker, dealer: a realm's.
        faults: is given what is our own fault.
        requests: who serves the requests with an id of their own.
        answers: who takes the messages that carry the id of an earlier one.
    """

    broker: Broker
    dealer: Dealer
    faults: Callable[[BaseException], None]
    requests: dict[type[Any], Callable[[Session, Any], None]] = field(init=False)
    answers: dict[type[Any], Callable[[Session, Any], None]] = field(init=False)

    @requests.default
    def _find_requests(self) -> dict[type[Any], Callable[[Session, Any], None]]:
        return {
            requests.Publish: self.broker.publish,
            requests.Subscribe: self.broker.subscribe,
            requests.Unsubscribe: self.broker.unsubscribe,
            requests.Register: self.dealer.registrar.register,
            requests.Unregister: self.dealer.registrar.unregister,
        }

    @answers.default
    def _find_answers(self) -> dict[type[Any], Callable[[Session, Any], None]]:
        return {
            requests.Yield: self.dealer.yield_,
            requests.Error: self.dealer.error,
            requests.Cancel: self.dealer.cancel,
        }


class ServedCalls:
    """Serves the requests of one session in its realm.

    Args:
        session: whose requests they are.
        service: serves them.
    """

    def __init__(self, session: Session, service: Service) -> None:
        self._session = session
        self._requests = service.requests
        self._answers = service.answers
        self._dealer = service.dealer
        self._faults = service.faults
        self._ids = InOrder() if session.transport.details.ordered else AnyOrder()

    def take(self, request: Any) -> bool:
        """Serve a message, if it is one that asks for something or answers an INVOCATION.

        Returns:
            Whether it was one.

        Raises:
            ProtocolViolationError: an id out of order, or one that was never given.
        """
        kind = type(request)
        serve = self._requests.get(kind)
        if serve is not None:
            self._ids.use(request.request)
            self._guard(request, serve)
        elif kind is requests.Call:
            self._take_call(request)
        elif kind in self._answers:
            self._guard(request, self._answers[kind])
        elif kind is requests.Refused:
            self._take_refused(request)
        else:
            return False
        return True

    def _guard(self, request: Any, serve: Callable[[Session, Any], None]) -> None:
        try:
            serve(self._session, request)
        except WampError as error:
            self._refuse(request, error)
        except ProtocolViolationError:
            raise
        except Exception as fault:  # noqa: BLE001  # the boundary: only this request suffers
            self._faults(fault)
            self._refuse(request, WampError(errors.RUNTIME_ERROR))

    def _refuse(self, request: Any, error: WampError) -> None:
        # An answer has no answer: "ERROR" is sent for requests alone.
        if type(request) not in self._answers:
            self._session.refuse(request, error)

    def _take_call(self, request: requests.Call) -> None:
        # "Progressive Call Invocations": further CALLs bear the id of the first.
        call = self._uploading(request.request)
        if call is not None:
            self._dealer.call_on(call, request)
        elif not self._session.spent.ends(request.request, more=request.progress):
            self._ids.use(request.request)
            self._guard(request, self._dealer.call)

    def _take_refused(self, request: requests.Refused) -> None:
        error = WampError(request.uri, request.reason)
        if request.request_type == requests.Call.TYPE:
            call = self._uploading(request.request)
            if call is not None:
                self._dealer.reject(call, error)
                return
            if self._session.spent.ends(request.request, more=request.progress):
                return
        if request.request_type != requests.Cancel.TYPE:  # which bears the id of its CALL
            self._ids.use(request.request)
        self._session.refuse(request, error)

    def _uploading(self, request: int) -> OngoingCall | None:
        call = self._session.calls.get(request)
        return call if call is not None and call.state is CallState.UPLOADING else None
