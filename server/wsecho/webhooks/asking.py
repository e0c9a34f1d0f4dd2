# SPDX-License-Identifier: MIT
"""`--ask URL`: an application that is asked over HTTP, by the interface of those in Python.

What is no answer is `Unavailable`: the client is told that much, and the log why, once a minute.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from attrs import define, field
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.task import deferLater
from twisted.logger import Logger

from wsecho.hooks import Drop, Forbidden, Message, Server, Unavailable, Visit
from wsecho.webhooks.answer_cache import AnswerCache, seconds_to_keep
from wsecho.webhooks.breaker import Breaker
from wsecho.webhooks.posting import NoAnswerError, Poster, WebhookAnswer
from wsecho.webhooks.questions import AskedOver, write_question
from wsecho.webhooks.replies import BadReplyError, read_reply
from wsecho.webhooks.signing import sign_webhook
from wsecho.webhooks.url import WebhookUrl

AT_ONCE: Final = 64
"""Questions that are under way at a time; others wait, within their time."""

QUIET: Final = 60.0
"""Seconds between two lines of the log that say that there is no answer."""

_MORE_THAN_DATA: Final = 65_536
_ID_OCTETS: Final = 12


def largest_answer(max_message_size: int) -> int:
    """Return how many octets an answer may have: a message in base64, and what stands around it."""
    return max_message_size * 4 // 3 + _MORE_THAN_DATA


@define(eq=False)
class WebhookApp:
    """An application that is asked over HTTP.

    Args:
        url: where it is.
        poster: posts there.
        secrets: those that sign, as they are now; none for no signature.
        timeout: seconds in which it answers.
        max_data: bytes of what may be said in a message's place.
        reactor: Twisted's.
        time_of_day: Unix seconds, for signatures.

    Attributes:
        server: what asks; it is of no use over HTTP.
        cache: the answers that are kept.
        breaker: whether it is asked now.
    """

    url: WebhookUrl
    _poster: Poster
    _secrets: Callable[[], Sequence[bytes]]
    _timeout: float
    _max_data: int
    _reactor: Any
    _time_of_day: Callable[[], float]
    server: Server = field(init=False)
    cache: AnswerCache = field(init=False)
    breaker: Breaker = field(init=False)
    _slots: DeferredSemaphore = field(factory=lambda: DeferredSemaphore(AT_ONCE), init=False)
    _complained: float | None = field(default=None, init=False)
    _untold: int = field(default=0, init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.breaker = Breaker(self._reactor.seconds)
        self.cache = AnswerCache(self._reactor.seconds)

    @property
    def under_way(self) -> int:
        """How many questions are being asked."""
        return AT_ONCE - self._slots.tokens

    @property
    def waiting(self) -> int:
        """How many questions wait until there are fewer under way."""
        return len(self._slots.waiting)

    async def connecting(self, visit: Visit) -> Mapping[str, Any] | None:
        """Ask whether a connection may be; return the claims that it says, if any.

        Raises:
            Forbidden: it may not.
            Unavailable: there is no answer.
        """
        return await self._ask("connect", visit)  # type: ignore[no-any-return]  # of `connect`

    async def joining(self, visit: Visit, room: str) -> None:
        """Ask whether somebody may see a room, unless an answer is kept.

        Raises:
            Forbidden: not so.
            Unavailable: there is no answer.
        """
        if visit.sub is None:
            await self._ask("join", visit, room)
        elif not self.cache.knows(room, visit.sub):
            keep = partial(self.cache.keep, room, visit.sub)
            await self._ask("join", visit, room, keep=keep)

    async def publishing(self, visit: Visit, room: str, message: Message) -> str | bytes | None:
        """Ask whether something may be said; return what is said in its place, if anything.

        Raises:
            Forbidden: it may not.
            Drop: it is to be said to nobody.
            Unavailable: there is no answer.
        """
        return await self._ask("publish", visit, room, message)  # type: ignore[no-any-return]

    def close(self) -> Deferred[Any]:
        """Close the connections that rest."""
        return self._poster.close()

    async def _ask(
        self,
        question: AskedOver,
        visit: Visit,
        room: str | None = None,
        message: Message | None = None,
        keep: Callable[[Forbidden | None, int], object] = lambda _answer, _seconds: None,
    ) -> Any:
        until = self._reactor.seconds() + self._timeout
        question_id = secrets.token_urlsafe(_ID_OCTETS)
        body = write_question(question, question_id, visit, room, message)
        self._check_breaker()
        has_waited = await self._wait_for_a_slot()
        try:
            if has_waited:
                # Else many that wait would end one within the other, where nobody is asked now.
                await deferLater(self._reactor, 0)
                self._check_breaker()
            answer, said = await self._answer_to(question, question_id, body, until)
        finally:
            self._slots.release()
        no = said if isinstance(said, Forbidden) else None
        keep(no, seconds_to_keep(answer.header("Cache-Control")))
        if isinstance(said, Forbidden | Drop):
            raise said
        return said

    def _check_breaker(self) -> None:
        if not self.breaker.lets_through:
            raise Unavailable(retry_after=max(1.0, self.breaker.seconds_left))

    async def _wait_for_a_slot(self) -> bool:
        """Tell whether there was none at once."""
        is_full = not self._slots.tokens
        slot = self._slots.acquire()
        if is_full:
            slot.addTimeout(self._timeout, self._reactor, self._too_many)
        await slot
        return is_full

    def _too_many(self, _outcome: object, _seconds: float) -> Any:
        self._complain(f"{AT_ONCE} questions are under way, and none of them is answered in time")
        raise Unavailable

    async def _answer_to(
        self, question: AskedOver, question_id: str, body: bytes, until: float
    ) -> tuple[WebhookAnswer, Any]:
        """Post a question; return what came, and what it means, an exception for a no."""
        begun = self.breaker.begin()
        try:
            answer = await self._post(question_id, body, until)
            said = self._read(question, answer)
        except (NoAnswerError, BadReplyError) as error:
            self.breaker.fail(begun)
            self._complain(error.reason)
            raise Unavailable from None
        except BaseException:
            # Whoever asked is gone, and with them the question.
            self.breaker.leave(begun)
            raise
        self._note_answer(begun)
        return answer, said

    async def _post(self, question_id: str, body: bytes, until: float) -> WebhookAnswer:
        now = int(self._time_of_day())
        headers = sign_webhook(self._secrets(), question_id, now, body)
        return await self._poster.post(body, headers, max(0.0, until - self._reactor.seconds()))

    def _read(self, question: AskedOver, answer: WebhookAnswer) -> Any:
        try:
            return read_reply(question, answer.status, answer.body, self._max_data)
        except (Forbidden, Drop) as no:
            return no

    def _note_answer(self, begun: int) -> None:
        was = self.breaker.state
        self.breaker.succeed(begun)
        if was is not self.breaker.state:
            self._log.info("the application at {address} answers again", address=str(self.url))

    def _complain(self, why: str) -> None:
        # Whoever is refused comes again at once: one line a minute is enough.
        now = self._reactor.seconds()
        if self._complained is not None and now - self._complained < QUIET:
            self._untold += 1
            return
        address, times = str(self.url), self._untold
        self._complained, self._untold = now, 0
        if times:
            self._log.error(
                "the application at {address} gives no answer: {why}, and none {times} times"
                " before",
                address=address,
                why=why,
                times=times,
            )
        else:
            self._log.error(
                "the application at {address} gives no answer: {why}", address=address, why=why
            )
