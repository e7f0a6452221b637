"""What is left to be sent, by what the book says of every request.

It must not know what is asked, nor how it is sent.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from slava.teacher.ledger import PAID, DraftRequest, JobId, Ledger, RequestId
from slava.teacher.money import Purse
from slava.teacher.outgoing import Outgoing
from slava.teacher.progress import Tally
from slava.teacher.terms import Terms

R = TypeVar("R", bound=Outgoing)


class Stock(Generic[R]):
    """The requests of one job that wait; safe to use from its threads.

    Parameters
    ----------
    may_repeat
        Whether a request that may be paid goes out again.
    after
        What is asked because of an answer; see :meth:`SendingJob._after`.
    stopped
        Whether the job is to end.
    """

    def __init__(
        self,
        job_id: JobId,
        ledger: Ledger,
        purse: Purse,
        tally: Tally,
        terms: Terms,
        *,
        may_repeat: bool,
        after: Callable[[R, str], Sequence[R]],
        stopped: Callable[[], bool],
    ) -> None:
        self._job_id, self._ledger, self._purse, self._tally = job_id, ledger, purse, tally
        self._terms, self._may_repeat = terms, may_repeat
        self._after, self._stopped = after, stopped
        self._waiting: deque[R] = deque()
        self._taken: set[RequestId] = set()
        self._doubtful: set[RequestId] = set()
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def begin(self, requests: Sequence[R]) -> None:
        """Look all of them up in the book, and in the purse what they have cost."""
        booked = {r.id: r for r in self._ledger.list_requests(self._job_id)}
        self.take_in(requests, booked)
        self._purse.spent_before(self._ledger.spent(self._job_id))

    def take_in(
        self, requests: Sequence[R], booked: Mapping[RequestId, DraftRequest] | None = None
    ) -> None:
        """Book requests, and whatever is asked because of answers that are there already."""
        todo = deque(self._fresh(requests))
        while todo and not self._stopped():
            request = todo.popleft()
            record = self._record(request, booked or {})
            again = record.state in self._terms.again and record.state != "answered"
            if record.state in PAID and not again:
                self._tally.found(record.state)
                todo.extend(self._fresh(self._after(request, record.raw_response)))
            elif record.state == "uncertain" and not self._may_repeat:
                self._tally.found("uncertain")
            else:
                with self._guard:
                    self._waiting.append(request)

    def next(self) -> R | None:
        """The next to be sent."""
        with self._guard:
            return self._waiting.popleft() if self._waiting else None

    def doubt(self, request: R) -> None:
        """An attempt may be paid; so it stays, whatever becomes of later ones."""
        with self._guard:
            self._doubtful.add(request.id)

    def is_doubtful(self, request: R) -> bool:
        """Whether an attempt may be paid."""
        with self._guard:
            return request.id in self._doubtful

    def _fresh(self, requests: Sequence[R]) -> list[R]:
        """Those that have not been taken in, each once."""
        with self._guard:
            fresh = {r.id: r for r in requests if r.id not in self._taken}
            self._taken |= fresh.keys()
        self._tally.expect(len(fresh))
        return list(fresh.values())

    def _record(self, request: R, booked: Mapping[RequestId, DraftRequest]) -> DraftRequest:
        record = booked.get(request.id) or self._ledger.begin(
            request.id, request.to_json(), request.cost_usd, self._job_id
        )
        if record.state == "sent":
            reason = "sLAVA ended while it was on its way; it may be paid."
            self._ledger.finish(request.id, "uncertain", reason=reason)
            record = self._ledger.get(request.id) or record
        if record.state == "uncertain":
            self._purse.may_have_paid(request.id, request.cost_usd)
            self.doubt(request)
        return record
