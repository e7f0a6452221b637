"""The drafting job: pictures go into requests as they leave, pairs come out of answers.

It must not know how requests are sent and booked (:mod:`slava.teacher.sending`), nor how the
window shows any of this.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slava.domain import Flag, MicrographId, PairId, QAPair
from slava.teacher.client import Teacher
from slava.teacher.consent import Consent, payload_hash
from slava.teacher.ledger import JobId, Ledger
from slava.teacher.payload import Prepared, ReadMicrograph, make_pictures
from slava.teacher.prices import Price
from slava.teacher.progress import Drafted
from slava.teacher.schema import Reading, read_answer
from slava.teacher.sending import Kept, SendingJob
from slava.teacher.sent_log import SentLog
from slava.teacher.terms import Terms

log = logging.getLogger("slava.drafting")

Check = Callable[[Sequence[QAPair], Prepared], Mapping[PairId, Sequence[Flag]]]
"""The automatic checks of the pairs of one answer."""


def job_id_of(host: str, requests: Sequence[Prepared]) -> JobId:
    """The same requests to the same host are the same job."""
    return JobId(payload_hash(host, requests)[:16])


class DraftingJob(SendingJob[Prepared]):
    """Drafts pairs; see :class:`~slava.teacher.sending.SendingJob`.

    Parameters
    ----------
    read
        Reads a micrograph when its picture is made.
    check
        Flags the pairs of an answer; one that fails costs no pair.
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
        super().__init__(
            requests,
            teacher,
            ledger,
            sent_log,
            price,
            consent,
            job_id=job_id or job_id_of(teacher.host, requests),
            is_confidential=is_confidential,
            terms=terms,
            on_change=on_change,
        )
        self._picture, self._check = read, check

    def _body(self, request: Prepared) -> Mapping[str, Any]:
        return request.exact(make_pictures(request.ask, self._picture, request.sending))

    def _read(self, request: Prepared, answer: str) -> Kept:
        reading = read_answer(answer, request.ask, request.drafting())
        return Kept(
            reading.state,
            reading.tokens or (request.tokens_read, request.tokens_written),
            reading.reason,
            reading.pairs,
            self._flags(request, reading),
            len(reading.pairs),
        )

    def _flags(self, request: Prepared, reading: Reading) -> Mapping[PairId, Sequence[Flag]]:
        if self._check is None or not reading.pairs:
            return {}
        try:
            return self._check(reading.pairs, request)
        except Exception:
            log.exception("the checks of %s failed", request.id)
            return {}
