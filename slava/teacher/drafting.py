"""The job: send what was agreed to, a few at a time, and keep book so that nothing is paid twice.

Before a request leaves, the book says so; after it is answered, the answer and its pairs are
written in one go. Killed at any moment, the next start finds every request answered, not sent, or
uncertain; an uncertain one goes out again only under the same idempotency key to a teacher that
honours it, or when the user says so. It must not know how the window shows any of this.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slava.domain import Flag, MicrographId, PairId, QAPair
from slava.errors import BadInput, Cancelled, NotFound, SlavaError
from slava.teacher.client import NotTaken, Teacher, Unsure
from slava.teacher.consent import Consent, payload_hash, require_consent
from slava.teacher.control import Control
from slava.teacher.ledger import PAID, DraftRequest, JobId, Ledger, RequestId, RequestState
from slava.teacher.money import Purse
from slava.teacher.payload import Prepared, ReadMicrograph, make_pictures
from slava.teacher.prices import Price
from slava.teacher.progress import Drafted, DraftState, Tally
from slava.teacher.schema import Reading, read_answer
from slava.teacher.sent_log import SentLog
from slava.teacher.terms import Terms

log = logging.getLogger("slava.drafting")

Check = Callable[[Sequence[QAPair], Prepared], Mapping[PairId, Sequence[Flag]]]
"""The automatic checks of the pairs of one answer."""

TROUBLE = 5
"""So many requests in a row that fail after all their attempts end the job: the server is down."""


def job_id_of(host: str, requests: Sequence[Prepared]) -> JobId:
    """The same requests to the same host are the same job."""
    return JobId(payload_hash(host, requests)[:16])


class DraftingJob:
    """One set of requests to one teacher. :meth:`run` blocks; the rest is for other threads.

    Parameters
    ----------
    consent
        For exactly these requests.
    is_confidential
        Asked again of every micrograph right before it would leave.
    read
        Reads a micrograph when its picture is made.
    """

    def __init__(
        self,
        requests: Sequence[Prepared],
        teacher: Teacher,
        ledger: Ledger,
        sent_log: SentLog,
        read: ReadMicrograph,
        price: Price,
        consent: Consent | None,
        *,
        is_confidential: Callable[[MicrographId], bool],
        check: Check | None = None,
        terms: Terms | None = None,
        job_id: JobId | None = None,
        on_change: Callable[[Drafted], None] | None = None,
    ) -> None:
        require_consent(consent, teacher.host, requests)
        assert consent is not None
        if consent.cap_usd is None and not price.free:
            raise BadInput(f"{price.model} costs money, or its price is unknown: give a cost cap.")
        self.id = job_id or job_id_of(teacher.host, requests)
        self.control = Control()
        self._requests = tuple({r.id: r for r in requests}.values())
        self._teacher, self._ledger, self._log = teacher, ledger, sent_log
        self._read, self._price, self._check = read, price, check
        self._is_confidential = is_confidential
        self._terms, self._consent = terms or Terms(), consent
        self._tell = on_change
        self._waiting: deque[Prepared] = deque()
        self._guard = threading.Lock()
        self._tally = Tally(self.id, len(self._requests))
        self._purse = Purse(consent.cap_usd, 0.0, {}, once=teacher.honours_keys)
        self._doubtful: set[RequestId] = set()
        self._not_before, self._in_a_row = 0.0, 0
        self._ending: tuple[DraftState, str] | None = None

    @property
    def progress(self) -> Drafted:
        """How far it is."""
        return self._tally.snapshot(self._purse, self.control)

    def run(self) -> Drafted:
        """Draft until everything is done, the cap is reached, or it is cancelled.

        Raises
        ------
        BadInput
            If a micrograph is confidential; then nothing at all is sent.
        """
        self._refuse_confidential(self._requests)
        self._take_stock()
        threads = [
            threading.Thread(target=self._worker, name=f"slava-draft-{n}", daemon=True)
            for n in range(min(self._terms.concurrency, max(1, len(self._waiting))))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        state, reason = self._ending or ("done", "")
        self._tally.end(state, reason)
        return self._told()

    # ------------------------------------------------------------------ before the first request
    def _take_stock(self) -> None:
        """Book every request, and find what is left to be sent."""
        maybe: dict[RequestId, float] = {}
        booked = {r.id: r for r in self._ledger.list_requests(self.id)}
        for request in self._requests:
            if self.control.stop.is_set():
                self._end("cancelled", "")
                break
            record = booked.get(request.id) or self._ledger.begin(
                request.id, request.to_json(), request.cost_usd, self.id
            )
            if record.state == "sent":
                reason = "sLAVA ended while it was on its way; it may be paid."
                self._ledger.finish(request.id, "uncertain", reason=reason)
                record = self._ledger.get(request.id) or record
            if record.state == "uncertain":
                maybe[request.id] = request.cost_usd
                self._doubtful.add(request.id)
            self._sort_in(request, record)
        self._purse = Purse(
            self._consent.cap_usd, self._ledger.spent(self.id), maybe,
            once=self._teacher.honours_keys,
        )  # fmt: skip
        self._told()

    def _sort_in(self, request: Prepared, record: DraftRequest) -> None:
        again = record.state in self._terms.again and record.state != "answered"
        if record.state in PAID and not again:
            self._tally.found(record.state)
        elif record.state == "uncertain" and not self._may_repeat:
            self._tally.found("uncertain")
        else:
            self._waiting.append(request)

    @property
    def _may_repeat(self) -> bool:
        """Whether an uncertain request may go out again."""
        honoured = self._teacher.honours_keys or self._price.free
        return honoured or self._terms.resend_uncertain

    # ------------------------------------------------------------------ in the threads
    def _worker(self) -> None:
        try:
            while (request := self._next()) is not None:
                self._draft(request)
        except Cancelled:
            self._end("cancelled", "")
        except SlavaError as error:
            self._end("failed", str(error))
        except Exception as error:
            log.exception("drafting failed")
            self._end("failed", f"drafting failed ({type(error).__name__}: {error}).")

    def _next(self) -> Prepared | None:
        self.control.check()
        with self._guard:
            if self._ending is not None or not self._waiting:
                return None
            return self._waiting.popleft()

    def _draft(self, request: Prepared) -> None:
        """Send one request as often as it takes."""
        for attempt in range(1, self._terms.backoff.attempts + 1):
            self._hold()
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
                if not self._again(error.again and not error.fatal, attempt, error.after_s):
                    return self._gave_up(request, str(error))
            except Unsure as error:
                self._purse.doubt(request.id)
                self._doubtful.add(request.id)
                self._ledger.finish(request.id, "uncertain", reason=str(error))
                if not self._again(self._may_repeat, attempt, None):
                    self._tally.finished("uncertain", 0)
                    self._told()
                    return None
            except BaseException:
                self._purse.doubt(request.id)
                raise
            else:
                return self._keep(request, answer)
        return None

    def _ready(self, request: Prepared) -> Mapping[str, Any]:
        """Make the pictures and note down that the request leaves; it leaves right after."""
        self._refuse_confidential([request])
        body = request.exact(make_pictures(request.ask, self._read, request.sending))
        size = len(json.dumps(body, ensure_ascii=False).encode())
        ids = request.ask.micrograph_ids
        self._insist(lambda: self._log.write(self._teacher.host, request.id, size, ids))
        self._insist(lambda: self._ledger.mark_sent(request.id))
        self._tally.sent()
        self._told()
        return body

    def _keep(self, request: Prepared, answer: str) -> None:
        """Write down an answer that is paid: nothing may get lost from here on."""
        with self._guard:
            self._in_a_row = 0
        reading = read_answer(answer, request.ask, request.drafting())
        tokens = reading.tokens or (request.tokens_read, request.tokens_written)
        cost = self._price.cost_usd(*tokens)
        flags = self._flags(request, reading)

        def finish(pairs: Sequence[QAPair], reason: str) -> None:
            self._ledger.finish(
                request.id, reading.state, answer, cost, tokens, pairs, flags, reason
            )

        try:
            self._insist(lambda: finish(reading.pairs, reading.reason))
        except NotFound as error:  # the micrograph was removed meanwhile
            gone = str(error)
            self._insist(lambda: finish((), gone))
        self._purse.pay(request.id, cost)
        self._tally.finished(reading.state, len(reading.pairs))
        self._told()

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

    def _flags(self, request: Prepared, reading: Reading) -> Mapping[PairId, Sequence[Flag]]:
        if self._check is None or not reading.pairs:
            return {}
        try:
            return self._check(reading.pairs, request)
        except Exception:
            log.exception("the checks of %s failed", request.id)
            return {}

    # ------------------------------------------------------------------ failing and waiting
    def _again(self, allowed: bool, attempt: int, after_s: float | None) -> bool:
        """Whether to try once more; waits first. A server that asks for a pause holds all."""
        if not allowed or attempt == self._terms.backoff.attempts:
            return False
        wait_s = self._terms.backoff.wait_s(attempt, after_s)
        if after_s:
            with self._guard:
                self._not_before = max(self._not_before, time.monotonic() + after_s)
        self.control.sleep(wait_s)
        return True

    def _hold(self) -> None:
        self.control.check()
        with self._guard:
            wait_s = self._not_before - time.monotonic()
        if wait_s > 0:
            self.control.sleep(wait_s)

    def _not_taken(self, request: Prepared, reason: str) -> RequestState:
        """This attempt is not paid; an earlier one may be, and then that is still said."""
        state: RequestState = "uncertain" if request.id in self._doubtful else "failed"
        self._ledger.finish(request.id, state, reason=reason)
        return state

    def _gave_up(self, request: Prepared, reason: str) -> None:
        self._tally.finished(self._not_taken(request, reason), 0)
        self._told()
        with self._guard:
            self._in_a_row += 1
            down = self._in_a_row >= TROUBLE
        if down:
            self._end("failed", f"{TROUBLE} requests in a row failed: {reason}")

    def _end(self, state: DraftState, reason: str) -> None:
        with self._guard:
            if self._ending is None:
                self._ending = (state, reason)

    def _refuse_confidential(self, requests: Sequence[Prepared]) -> None:
        ids = {i for r in requests for i in r.ask.micrograph_ids}
        secret = sorted(i[:12] for i in ids if self._is_confidential(i))
        if secret:
            raise BadInput(f"confidential, never sent to a teacher: {', '.join(secret)}.")

    def _told(self) -> Drafted:
        now = self.progress
        if self._tell is not None:
            self._tell(now)
        return now
