"""Send what was agreed to, a few at a time, and keep book so that nothing is paid twice.

Before a request leaves, the book says so; after it is answered, the answer and what was made of it
are written in one go. Killed at any moment, the next start finds every request answered, not sent,
or uncertain; an uncertain one goes out again only under the same idempotency key to a server that
honours it, or when the user says so. It must not know what is asked, what an answer means, nor how
the window shows any of this.
"""

from __future__ import annotations

import json
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from slava.domain import Flag, MicrographId, PairId, QAPair
from slava.errors import BadInput, Cancelled, NotFound, SlavaError
from slava.teacher.client import NotTaken, Teacher, Unsure
from slava.teacher.consent import Consent, require_consent
from slava.teacher.control import Control
from slava.teacher.ledger import JobId, Ledger, RequestState
from slava.teacher.money import Purse
from slava.teacher.outgoing import Outgoing
from slava.teacher.pace import TROUBLE, Pace
from slava.teacher.prices import Price
from slava.teacher.progress import Drafted, DraftState, Tally
from slava.teacher.sent_log import SentLog
from slava.teacher.stock import Stock
from slava.teacher.terms import Terms

log = logging.getLogger("slava.sending")

R = TypeVar("R", bound=Outgoing)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is written down beside an answer as it came."""

    state: RequestState
    tokens: tuple[int, int] | None = None
    """Read and written; None where the server does not say, which then costs at most."""
    reason: str = ""
    """Why nothing was made of it, in one sentence."""
    pairs: tuple[QAPair, ...] = ()
    flags: Mapping[PairId, Sequence[Flag]] = field(default_factory=dict)
    made: int = 0
    """How many pairs or judgements it brought."""


class SendingJob(ABC, Generic[R]):
    """One set of requests to one server. :meth:`run` blocks; the rest is for other threads.

    Parameters
    ----------
    consent
        For exactly these requests.
    is_confidential
        Asked again of every micrograph right before something about it would leave.
    job_id
        Under which the book keeps them.

    Raises
    ------
    BadInput
        If the consent is for something else, or a cap is missing.
    """

    receiver = "a teacher"
    """Who answers, in words."""

    def __init__(
        self,
        requests: Sequence[R],
        teacher: Teacher,
        ledger: Ledger,
        sent_log: SentLog,
        price: Price,
        consent: Consent | None,
        *,
        job_id: JobId,
        is_confidential: Callable[[MicrographId], bool],
        terms: Terms | None = None,
        on_change: Callable[[Drafted], None] | None = None,
    ) -> None:
        consent = require_consent(consent, teacher.host, requests)
        if consent.cap_usd is None and not price.free:
            raise BadInput(f"{price.model} costs money, or its price is unknown: give a cost cap.")
        self.id = job_id
        self.control = Control()
        self._agreed = tuple(requests)
        self._teacher, self._ledger, self._log = teacher, ledger, sent_log
        self._price, self._is_confidential = price, is_confidential
        self._terms, self._tell = terms or Terms(), on_change
        self._may_repeat = price.free or teacher.honours_keys or self._terms.resend_uncertain
        self._guard = threading.Lock()
        self._tally = Tally(self.id)
        self._purse = Purse(consent.cap_usd, 0.0, {}, once=teacher.honours_keys)
        self._pace = Pace(self._terms.backoff, self.control)
        self._stock: Stock[R] = Stock(
            self.id, ledger, self._purse, self._tally, self._terms,
            may_repeat=self._may_repeat, after=self._after, stopped=self.control.stop.is_set,
        )  # fmt: skip
        self._ending: tuple[DraftState, str] | None = None

    @abstractmethod
    def _body(self, request: R) -> Mapping[str, Any]:
        """The JSON that is sent. BadInput when it is not what was agreed to."""

    @abstractmethod
    def _read(self, request: R, answer: str) -> Kept:
        """Make something of an answer; whatever it is, it is kept."""

    def _first(self) -> Sequence[R]:
        """The requests to begin with: all that were agreed to."""
        return self._agreed

    def _after(self, request: R, answer: str) -> Sequence[R]:  # noqa: ARG002
        """Requests, agreed to with the others, that are sent because of this answer."""
        return ()

    @property
    def progress(self) -> Drafted:
        """How far it is."""
        return self._tally.snapshot(self._purse, self.control)

    def run(self) -> Drafted:
        """Send until everything is done, the cap is reached, or it is cancelled.

        Raises
        ------
        BadInput
            If a micrograph is confidential; then nothing at all is sent.
        """
        self._refuse_confidential(self._agreed)
        self._stock.begin(self._first())
        if self.control.stop.is_set():
            self._end("cancelled", "")
        self._told()
        threads = [
            threading.Thread(target=self._worker, name=f"slava-send-{n}", daemon=True)
            for n in range(min(self._terms.concurrency, max(1, len(self._stock))))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        state, reason = self._ending or ("done", "")
        self._tally.end(state, reason)
        return self._told()

    # ------------------------------------------------------------------ in the threads
    def _worker(self) -> None:
        try:
            while (request := self._next()) is not None:
                self._send(request)
        except Cancelled:
            self._end("cancelled", "")
        except SlavaError as error:
            self._end("failed", str(error))
        except Exception as error:
            log.exception("sending failed")
            self._end("failed", f"sending failed ({type(error).__name__}: {error}).")

    def _next(self) -> R | None:
        self.control.check()
        with self._guard:
            ended = self._ending is not None
        return None if ended else self._stock.next()

    def _send(self, request: R) -> None:
        """Send one request as often as it takes."""
        for attempt in range(1, self._pace.attempts + 1):
            self._pace.hold()
            if not self._purse.take(request.id, request.cost_usd, self.control):
                return self._end("capped", "the cost cap is reached.")
            try:
                body = self._ready(request)
            except BadInput as error:  # nothing has left
                self._purse.free(request.id)
                return self._gave_up(request, str(error))
            except Cancelled:
                self._purse.free(request.id)
                raise
            try:
                answer = self._teacher.send(body, request.id)
            except NotTaken as error:
                self._purse.free(request.id)
                self._not_taken(request, str(error))
                if error.fatal:
                    self._end("failed", str(error))
                if not self._pace.again(error.again and not error.fatal, attempt, error.after_s):
                    return self._gave_up(request, str(error))
            except Unsure as error:
                self._purse.doubt(request.id)
                self._stock.doubt(request)
                self._ledger.finish(request.id, "uncertain", reason=str(error))
                if not self._pace.again(self._may_repeat, attempt):
                    self._tally.finished("uncertain", 0)
                    self._told()
                    return None
            except BaseException:
                self._purse.doubt(request.id)
                raise
            else:
                return self._keep(request, answer)
        return None

    def _ready(self, request: R) -> Mapping[str, Any]:
        """Make the body and note down that the request leaves; it leaves right after."""
        self._refuse_confidential([request])
        body = self._body(request)
        size = len(json.dumps(body, ensure_ascii=False).encode())
        ids = request.micrograph_ids
        self._insist(lambda: self._log.write(self._teacher.host, request.id, size, ids))
        self._insist(lambda: self._ledger.mark_sent(request.id))
        self._tally.sent()
        self._told()
        return body

    def _keep(self, request: R, answer: str) -> None:
        """Write down an answer that is paid: nothing may get lost from here on."""
        self._pace.answered()
        kept = self._made_of(request, answer)
        tokens = kept.tokens or (0, 0)
        cost = self._price.cost_usd(*tokens) if kept.tokens else request.cost_usd

        def finish(pairs: Sequence[QAPair], reason: str) -> None:
            self._ledger.finish(
                request.id, kept.state, answer, cost, tokens, pairs, kept.flags, reason
            )

        try:
            self._insist(lambda: finish(kept.pairs, kept.reason))
        except NotFound as error:  # the micrograph was removed meanwhile
            gone = str(error)
            self._insist(lambda: finish((), gone))
        self._purse.pay(request.id, cost)
        self._tally.finished(kept.state, kept.made)
        self._stock.take_in(self._after(request, answer))
        self._told()

    def _made_of(self, request: R, answer: str) -> Kept:
        try:
            return self._read(request, answer)
        except Exception as error:
            log.exception("the answer to %s cannot be read", request.id)
            return Kept("invalid", None, f"it cannot be read ({type(error).__name__}: {error}).")

    def _insist(self, work: Callable[[], None]) -> None:
        """Do what must not fail; while it does (a full disk), pause and say why."""
        while True:
            try:
                return work()
            except NotFound:
                raise
            except Exception as error:
                log.exception("the workspace refuses")
                words = f"the workspace cannot be written to ({error})"
                self.control.pause(f"{words}. Free some space, then resume.")
                self._told()
                self.control.check()

    # ------------------------------------------------------------------ failing and ending
    def _not_taken(self, request: R, reason: str) -> RequestState:
        """This attempt is not paid; an earlier one may be, and then that is still said."""
        state: RequestState = "uncertain" if self._stock.is_doubtful(request) else "failed"
        self._ledger.finish(request.id, state, reason=reason)
        return state

    def _gave_up(self, request: R, reason: str) -> None:
        self._tally.finished(self._not_taken(request, reason), 0)
        self._told()
        if self._pace.gave_up():
            self._end("failed", f"{TROUBLE} requests in a row failed: {reason}")

    def _end(self, state: DraftState, reason: str) -> None:
        with self._guard:
            if self._ending is None:
                self._ending = (state, reason)

    def _refuse_confidential(self, requests: Sequence[R]) -> None:
        ids = {i for r in requests for i in r.micrograph_ids}
        secret = sorted(i[:12] for i in ids if self._is_confidential(i))
        if secret:
            raise BadInput(f"confidential, never sent to {self.receiver}: {', '.join(secret)}.")

    def _told(self) -> Drafted:
        now = self.progress
        if self._tell is not None:
            self._tell(now)
        return now
